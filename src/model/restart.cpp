#include "model/restart.h"

#include "base/text.h"

#include <fmt/format.h>
#include <utility>

namespace jails {

Result<RestartPolicy> parse_restart(std::string_view text) {
  for (auto policy : {RestartPolicy::Always, RestartPolicy::OnFailure, RestartPolicy::Never})
    if (text == to_string(policy)) return policy;
  return fail(ErrorKind::Usage, "restart " + in_quotes(text) + ": expected always, on-failure or never");
}

std::string_view to_string(RestartPolicy policy) {
  switch (policy) {
  case RestartPolicy::Always: return "always";
  case RestartPolicy::OnFailure: return "on-failure";
  case RestartPolicy::Never: return "never";
  }
  std::unreachable();
}

Status check_restart(const Restart &restart) {
  constexpr uint32_t kWindowMinMs = 1000;
  if (restart.limit > kRestartLimitMax)
    return fail(ErrorKind::Usage, fmt::format("restart limit {}: expected 0 to {}", restart.limit, kRestartLimitMax));
  if (restart.window_ms < kWindowMinMs || restart.window_ms > kRestartWindowMaxMs)
    return fail(ErrorKind::Usage,
                fmt::format("restart window {} ms: expected 1000 to {}", restart.window_ms, kRestartWindowMaxMs));
  uint64_t seconds = 0; // between the first restart and the last of the limit, for a command that ends at once
  for (uint32_t i = 1, delay = back_off_seconds(0); i < restart.limit; i++) {
    delay = back_off_seconds(delay);
    seconds += delay;
  }
  if (seconds * 1000 >= restart.window_ms)
    return fail(ErrorKind::Usage, fmt::format("restart limit {}: that many restarts take {} s at least, and never fall "
                                              "into a window of {:g} s",
                                              restart.limit, seconds, restart.window_ms / 1000.0));
  return {};
}

} // namespace jails
