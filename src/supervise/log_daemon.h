// The host's log daemon: syslog's /dev/log or the journal. Never waits: what the daemon does not take at once is kept,
// up to 128 KiB of it (a socket holds ten records, net.unix.max_dgram_qlen); what is more is lost, and counted.
#pragma once

#include "base/fd.h"
#include "supervise/event_loop.h"
#include "supervise/log_message.h"
#include "supervise/log_rate.h"
#include "supervise/pages.h"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace jails::supervise {

class LogDaemon {
public:
  // Watches its socket in the loop while something waits; must not be moved from then on.
  LogDaemon(const JailName &name, Jid jid, const LogSpec &spec, EventLoop &loop);

  // A line of the command, as it came: cut where the protocol wants it, and held back beyond the rate.
  void offer(log::Stream stream, int level, const timespec &time, std::string_view line) {
    if (format_ != LogFormat::Off && rate_.take(line.size())) send(stream, level, time, line);
  }
  // A line of the supervisor's own, which has no rate.
  void note(int level, const timespec &time, std::string_view text) {
    if (format_ != LogFormat::Off) send(log::Stream::Jail, level, time, text);
  }
  // Before lines that came at this time; says what was held back before.
  void advance(const timespec &time, uint64_t monotonic_ms);
  // Every few seconds, after advance(): says what was lost, too.
  void tell(const timespec &time);
  // After advance(): what is still to be told, and a moment for what waits.
  void end(const timespec &time);
  // For who goes on with it, over a connection of its own.
  void save(LogState &state) const;
  void restore(const LogState &state);
  std::string take_news() { return std::exchange(news_, {}); } // for the jail's own log; mostly empty

private:
  void send(log::Stream stream, int level, const timespec &time, std::string_view text);
  void deliver(std::string_view message);
  enum class Sent : uint8_t { Yes, Later, Gone };
  Sent send_bytes(std::string_view bytes);
  bool keep(std::string_view message);
  void drain();
  void watch(bool wanted);
  void disconnect();
  bool connect();
  bool connect_to(const char *path);
  void tell_held(const LogRate::Held &held, const timespec &time);

  LogSource from_;
  LogFormat format_;   // as configured
  LogFormat spoken_{}; // with the daemon that there is
  LogRate rate_;
  EventLoop *loop_;
  Fd socket_;
  bool watched_ = false;
  std::optional<Pages> waiting_; // records, each behind its size
  size_t waiting_begin_ = 0, waiting_end_ = 0;
  bool was_connected_ = false;
  uint64_t now_ms_ = 0;
  uint64_t retry_ms_ = 0; // before which a missing daemon is not tried again
  uint64_t lost_ = 0;
  uint64_t told_lost_ = 0, told_lost_ms_ = 0; // to the jail's own log
  std::string news_;
};

} // namespace jails::supervise
