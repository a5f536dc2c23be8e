// What is done when a jail uses more of something than it should: a condition, and an act. No I/O.
#pragma once

#include "base/error.h"
#include "model/limits.h"
#include "model/restart.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

enum class Subject : uint8_t { Memory, Swap, Processes, Cpu, IoRead, IoWrite, NetIn, NetOut };
inline constexpr size_t kSubjects = 8;
std::string_view to_string(Subject subject); // the name of its limit: "io_read"

// "memory > 90% for 10s"
struct Condition {
  Subject subject = Subject::Memory;
  bool percent = false; // of the jail's limit; of one CPU for `cpu` where there is none
  uint64_t value = 0;   // per cent, or: bytes, processes, thousandths of a CPU, bytes a second
  uint32_t for_seconds = 0;

  friend bool operator==(const Condition &, const Condition &) = default;
};
Result<Condition> parse_condition(std::string_view text); // Usage
std::string to_string(const Condition &condition);        // as parse_condition() takes it

enum class Act : uint8_t { Log, Exec, Signal, Freeze, Restart };

struct Reaction {
  Condition when{};
  Act act = Act::Log;
  std::string line{};                 // Exec: as it was written
  std::vector<std::string> command{}; // Exec: its words, the first an absolute path
  int signal = 0;                     // Signal
  uint32_t timeout_seconds = 30;      // Exec: then it is killed; 1 to kActTimeoutMax

  friend bool operator==(const Reaction &, const Reaction &) = default;
};
inline constexpr size_t kReactionsMax = 16, kActLineMax = 255;
inline constexpr uint32_t kActTimeoutMax = 3600, kForMax = 86400;

// "log", "exec:/usr/local/sbin/notify 'a b'", "signal:USR1", "freeze", "restart". Usage.
Status parse_act(Reaction &to, std::string_view text);
std::string act_text(const Reaction &reaction);

// "memory > 90% for 10s: log", for the command line.
Result<Reaction> parse_reaction(std::string_view text);
std::string to_string(const Reaction &reaction);

// Usage: a percentage of a limit that there is not, or one that is never passed; a restart that the policy excludes.
Status check_reaction(const Reaction &reaction, const Limits &limits, const Restart &restart);
Status check_reactions(const std::vector<Reaction> &reactions, const Limits &limits, const Restart &restart);

// The value to compare with, in the unit of Condition::value without `percent`. Absent: of a limit that there is not.
std::optional<double> threshold_of(const Condition &condition, const Limits &limits);
// A use in the words of the condition: "92%", "536870912", "1.5".
std::string use_text(const Condition &condition, double use, double threshold);

// When it fires: above the threshold for the whole time, once. Again only after the use was below 95 % of the
// threshold, so that one that wavers around it does not fire at each turn.
class ReactionJudge {
public:
  bool add(double use, double threshold, uint64_t now_ms, uint32_t for_seconds) {
    constexpr double kArmedBelow = 0.95;
    if (use <= threshold) {
      since_ms_.reset();
      if (use < threshold * kArmedBelow) armed_ = true;
      return false;
    }
    if (!since_ms_) since_ms_ = now_ms;
    if (!armed_ || now_ms - *since_ms_ < uint64_t{for_seconds} * 1000) return false;
    armed_ = false;
    return true;
  }
  // Nothing is known of the time until now (the jail stood still): it does not count.
  void skip() { since_ms_.reset(); }
  // For who goes on with it.
  [[nodiscard]] bool armed() const { return armed_; }
  [[nodiscard]] std::optional<uint64_t> since_ms() const { return since_ms_; }
  void restore(bool armed, std::optional<uint64_t> since_ms) {
    armed_ = armed;
    since_ms_ = since_ms;
  }

private:
  bool armed_ = true;
  std::optional<uint64_t> since_ms_; // above since then, without a break
};

} // namespace jails
