// The second socket of a jail that lets users of the host in ([exec] allow): who came by it, how many there may be, and
// how much of the supervisor's time they get. What they ask for is in user_clients.cpp.
#pragma once

#include "base/fd.h"
#include "supervise/event_loop.h"
#include "supervise/log_rate.h"

#include <cstdint>
#include <map>
#include <optional>

namespace jails::supervise {

class Door {
public:
  // Connections and commands whose client has gone, of one user and of all.
  static constexpr size_t kMaxOfUser = 16, kMaxOfAll = 64;
  static constexpr uint64_t kAskMs = 5000; // until a connection has asked for its command, or is closed after it

  Door(EventLoop inner, Fd listening, Fd clock)
      : loop(std::move(inner)), listener(std::move(listening)), timer(std::move(clock)) {}

  struct Client {
    uint32_t uid = 0;
    uint64_t deadline_ms = 0; // CLOCK_MONOTONIC; 0: its command runs
  };

  // Connections are accepted and messages read so many times in a slice; then users wait until it is over.
  void count(uint64_t now_ms);
  [[nodiscard]] bool is_spent() const { return acts_ >= kActs; }
  [[nodiscard]] size_t count_of(uint32_t uid) const;
  // When the timer has to fire; nothing: it has not.
  [[nodiscard]] std::optional<uint64_t> next_ms() const;
  // Of a user's command in the journal, once a minute. Nothing: not now. Otherwise how many were passed over.
  std::optional<uint64_t> tell(uint32_t uid, uint64_t now_ms);

  EventLoop loop; // of the listener and the clients; in the supervisor's own, but while they rest
  Fd listener, timer;
  std::map<int, Client> clients; // of the supervisor's clients
  bool resting = false;
  LogRate log_rate{1, 0};

private:
  static constexpr unsigned kActs = 32;
  static constexpr uint64_t kSliceMs = 100, kTellMs = 60000;
  static constexpr size_t kMaxTold = 64;
  struct Told {
    uint64_t ms = 0, more = 0;
  };
  uint64_t slice_began_ms_ = 0;
  unsigned acts_ = 0; // in this slice
  std::map<uint32_t, Told> told_;
};

} // namespace jails::supervise
