// How a running jail is asked whether it is well, and what follows when it is not.
#pragma once

#include "base/error.h"
#include "model/port.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

enum class Recovery : uint8_t {
  Restart, // its command is ended and started again, as the restart policy says (the default)
  Command, // recovery_command is run in it, anew after each `retries` failures more
  GiveUp,  // the jail is taken down and failed
  None,    // told, and nothing else
};
Result<Recovery> parse_recovery(std::string_view text); // restart, command, give-up, none
std::string_view to_string(Recovery recovery);

inline constexpr uint32_t kHealthMinMs = 100, kHealthMaxMs = 86400000, kHealthRetriesMax = 1000;

struct HealthSpec {
  std::vector<std::string> command{}; // run in the jail as its root: status 0 is well
  PortReservation port{};             // or one that accepts a TCP connection; port 0: none
  std::string http{};                 // with port: a path that is answered with a status from 200 to 399
  uint32_t interval_ms = 30000;       // from the end of a check to the next, kHealthMinMs to kHealthMaxMs
  uint32_t timeout_ms = 5000;         // of a check, kHealthMinMs to kHealthMaxMs
  uint32_t retries = 3;               // failures in a row that make it unhealthy, 1 to kHealthRetriesMax
  uint32_t start_period_ms = 0;       // after a start in which failures do not count, until the first success
  Recovery recovery = Recovery::Restart;
  std::vector<std::string> recovery_command{}; // for Recovery::Command
  uint32_t recovery_timeout_ms = 30000;        // then it is killed, kHealthMinMs to kHealthMaxMs

  [[nodiscard]] bool configured() const { return !command.empty() || port.port != 0; }
  friend bool operator==(const HealthSpec &, const HealthSpec &) = default;
};

// Usage. ports: the jail's own; the port has to be one of them, for otherwise anybody could be listening there.
Status check_health(const HealthSpec &health, const std::vector<PortReservation> &ports);

enum class Health : uint8_t { Unchecked, Starting, Healthy, Unhealthy };
std::string_view to_string(Health health); // "" for Unchecked

// What checks make of a jail. No I/O, no clock.
class HealthJudge {
public:
  HealthJudge() = default;
  // The command started just now. Times: CLOCK_MONOTONIC.
  HealthJudge(const HealthSpec &spec, uint64_t now_ms)
      : retries_(spec.retries), start_period_ms_(spec.start_period_ms), counts_from_ms_(now_ms + start_period_ms_),
        state_(Health::Starting) {}

  enum class Verdict : uint8_t { Same, Better, Worse, StillIll };
  // A check ended. Worse: unhealthy from now on; StillIll: and `retries` failures more have passed.
  Verdict add(bool good, uint64_t now_ms);
  // It stood still until now: what is left of its start period begins anew.
  void thawed(uint64_t now_ms) {
    if (state_ == Health::Starting) counts_from_ms_ = now_ms + start_period_ms_;
  }
  [[nodiscard]] Health state() const { return state_; }
  [[nodiscard]] uint32_t failures() const { return failures_; } // in a row, those that count
  // For who goes on with it, by the same rules.
  [[nodiscard]] uint64_t counts_from_ms() const { return counts_from_ms_; }
  void restore(Health state, uint32_t failures, uint64_t counts_from_ms) {
    state_ = state;
    failures_ = failures;
    counts_from_ms_ = counts_from_ms;
  }

private:
  uint32_t retries_ = 1, start_period_ms_ = 0, failures_ = 0;
  uint64_t counts_from_ms_ = 0;
  Health state_ = Health::Unchecked;
};

// The status that an answer of HTTP begins with, "HTTP/1.1 200 ..."; 0: it begins with something else.
unsigned http_status(std::string_view answer);

// What a check said, for a person: the last line of its output that is not empty, printable; at most 200 bytes of it.
std::string last_words(std::string_view output);

} // namespace jails
