#include "model/hooks.h"

#include "base/text.h"
#include "model/spec.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {
namespace {

constexpr std::array<std::string_view, kHookPoints> kNames{"prestart", "created", "start",   "poststart",
                                                           "prestop",  "stop",    "poststop"};
constexpr size_t kCommandsMax = 32; // of one point

Status check_program(HookPoint point, const std::string &program, std::string_view root) {
  if (is_in_jail(point)) return {};
  return check_host_program(fmt::format("hook {}: program of the host", to_string(point)), program, root);
}

} // namespace

std::string_view to_string(HookPoint point) { return kNames.at(static_cast<size_t>(point)); }

bool HookSpec::configured() const {
  return std::ranges::any_of(points, [](const Commands &commands) { return !commands.empty(); });
}

HookSpec HookSpec::of_jail() const {
  HookSpec part = *this;
  for (const auto point : {HookPoint::Start, HookPoint::Poststart, HookPoint::Prestop, HookPoint::Stop})
    part.at(point).clear();
  return part.configured() ? part : HookSpec{};
}

uint64_t HookSpec::stop_ms() const {
  size_t commands = 0;
  for (const auto point : {HookPoint::Prestop, HookPoint::Stop, HookPoint::Poststop}) commands += at(point).size();
  return commands * uint64_t{timeout_ms};
}

Status check_hooks(const HookSpec &hooks, std::string_view root) {
  if (hooks.timeout_ms < kHookTimeoutMinMs || hooks.timeout_ms > kHookTimeoutMaxMs)
    return fail(ErrorKind::Usage,
                fmt::format("hooks: timeout {:g} s: expected 0.1 to 3600", hooks.timeout_ms / 1000.0));
  for (size_t i = 0; i < kHookPoints; i++) {
    const auto point = static_cast<HookPoint>(i);
    if (hooks.at(point).size() > kCommandsMax)
      return fail(ErrorKind::Usage, fmt::format("hook {}: more than {} commands", to_string(point), kCommandsMax));
    for (const auto &words : hooks.at(point)) {
      if (words.empty()) return fail(ErrorKind::Usage, fmt::format("hook {}: a command is empty", to_string(point)));
      TRY_IN(fmt::format("hook {}", to_string(point)), check_command(words));
      TRY(check_program(point, words[0], root));
    }
  }
  return {};
}

} // namespace jails
