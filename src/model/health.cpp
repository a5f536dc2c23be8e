#include "model/health.h"

#include "base/text.h"
#include "model/spec.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace jails {
namespace {

std::unexpected<Error> usage(std::string text) { return fail(ErrorKind::Usage, "health check: " + std::move(text)); }

// As it stands in the first line of a request.
Status check_http_path(std::string_view path) {
  constexpr size_t kPathMax = 1024;
  const bool clean = std::ranges::all_of(path, [](char c) { return c > ' ' && c < 127; });
  if (path.starts_with('/') && clean && path.size() <= kPathMax) return {};
  return usage("http " + in_quotes(path) + ": expected a path like \"/health\", without blanks, at most 1024 bytes");
}

Status check_port_of(const HealthSpec &health, const std::vector<PortReservation> &ports) {
  const auto &port = health.port;
  if ((port.protos & kTcp) == 0) return usage(fmt::format("port {} is not TCP", to_string(port)));
  if (std::ranges::none_of(ports, [&](const auto &own) { return overlap(own, port); }))
    return usage(fmt::format("port {} is not among the jail's ports", to_string(port)));
  return {};
}

} // namespace

Result<Recovery> parse_recovery(std::string_view text) {
  for (auto recovery : {Recovery::Restart, Recovery::Command, Recovery::GiveUp, Recovery::None})
    if (text == to_string(recovery)) return recovery;
  return fail(ErrorKind::Usage, "recovery " + in_quotes(text) + ": expected restart, command, give-up or none");
}

std::string_view to_string(Recovery recovery) {
  switch (recovery) {
  case Recovery::Restart: return "restart";
  case Recovery::Command: return "command";
  case Recovery::GiveUp: return "give-up";
  case Recovery::None: return "none";
  }
  std::unreachable();
}

std::string_view to_string(Health health) {
  switch (health) {
  case Health::Unchecked: return "";
  case Health::Starting: return "starting";
  case Health::Healthy: return "healthy";
  case Health::Unhealthy: return "unhealthy";
  }
  std::unreachable();
}

Status check_health(const HealthSpec &health, const std::vector<PortReservation> &ports) {
  if (!health.command.empty() && health.port.port != 0) return usage("a command or a port, not both");
  const std::pair<const char *, uint32_t> times[] = {{"interval", health.interval_ms},
                                                     {"timeout", health.timeout_ms},
                                                     {"recovery_timeout", health.recovery_timeout_ms}};
  for (const auto &[what, ms] : times)
    if (ms < kHealthMinMs || ms > kHealthMaxMs)
      return usage(fmt::format("{} {:g} s: expected 0.1 to 86400", what, ms / 1000.0));
  if (health.start_period_ms > kHealthMaxMs)
    return usage(fmt::format("start_period {:g} s: expected 0 to 86400", health.start_period_ms / 1000.0));
  if (health.retries == 0 || health.retries > kHealthRetriesMax)
    return usage(fmt::format("{} retries: expected 1 to 1000", health.retries));
  TRY(check_command(health.command));
  TRY(check_command(health.recovery_command));
  if (health.recovery == Recovery::Command && health.recovery_command.empty())
    return usage("recovery \"command\" needs recovery_command");
  if (health.recovery != Recovery::Command && !health.recovery_command.empty())
    return usage("recovery_command is only run with recovery \"command\"");
  if (!health.http.empty()) {
    if (health.port.port == 0) return usage("http needs a port");
    TRY(check_http_path(health.http));
  }
  return health.port.port == 0 ? Status{} : check_port_of(health, ports);
}

HealthJudge::Verdict HealthJudge::add(bool good, uint64_t now_ms) {
  const Health before = state_;
  if (good) {
    failures_ = 0;
    state_ = Health::Healthy;
    return before == Health::Healthy ? Verdict::Same : Verdict::Better;
  }
  if (state_ == Health::Starting && now_ms < counts_from_ms_) return Verdict::Same;
  failures_++;
  if (failures_ >= retries_) state_ = Health::Unhealthy;
  if (state_ != before) return Verdict::Worse;
  return state_ == Health::Unhealthy && failures_ % retries_ == 0 ? Verdict::StillIll : Verdict::Same;
}

unsigned http_status(std::string_view answer) {
  // "HTTP/1.1 200": a version of one digit, a blank, three digits and then no digit (RFC 9112, 4).
  constexpr std::string_view kName = "HTTP/1.";
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!answer.starts_with(kName)) return 0;
  answer.remove_prefix(kName.size());
  constexpr size_t kRest = 5; // "1 200"
  if (answer.size() < kRest || !digit(answer[0]) || answer[1] != ' ') return 0;
  if (answer.size() > kRest && digit(answer[kRest])) return 0;
  return parse_int<unsigned>(answer.substr(2, 3)).value_or(0);
}

std::string last_words(std::string_view output) {
  constexpr size_t kMax = 200;
  const auto lines = split(output, '\n');
  for (auto line = lines.rbegin(); line != lines.rend(); line++)
    if (const auto text = trim(*line); !text.empty()) return printable(text.substr(0, kMax));
  return "";
}

} // namespace jails
