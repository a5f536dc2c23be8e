// Other limits for a jail that runs.
#include "cgroup/group.h"
#include "cgroup/place.h"

#include "base/scope.h"
#include "base/text.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::cgroup {
namespace {

std::set<pid_t> pids_of(std::string_view text) {
  std::set<pid_t> pids;
  for (auto line : split(text, '\n'))
    if (auto pid = parse_int<pid_t>(line)) pids.insert(*pid);
  return pids;
}

// Is it written in the old limits' settings just so? Writing it again could fail where the old one is exceeded.
bool unchanged(const Placed &placed, const std::vector<Setting> &old) {
  const auto same = std::ranges::find_if(
      old, [&](const Setting &other) { return std::string_view(other.limit) == placed.setting.limit; });
  const auto equal = [](const Write &a, const Write &b) {
    return std::string_view(a.file) == b.file && a.value == b.value;
  };
  return same != old.end() &&
         std::ranges::equal(placed.v1 ? placed.setting.v1 : placed.setting.v2, placed.v1 ? same->v1 : same->v2, equal);
}

} // namespace

// A child that is forked meanwhile is where its parent was: so again, until nobody is missing.
Status Group::move_members(const std::vector<std::string> &controllers) const {
  constexpr int kRounds = 1000;
  constexpr size_t kMaxText = 64U << 20U;
  for (const auto &controller : controllers) {
    const std::string file = directory(controller) + "/cgroup.procs";
    for (int round = 0;; round++) {
      bool missing = false;
      const auto there = pids_of(TRY(sys::read_file(file, kMaxText)));
      for (const pid_t pid : TRY(processes())) {
        if (there.contains(pid)) continue;
        const auto moved = sys::write_file(file, std::to_string(pid));
        if (!moved && moved.error().sys_errno() != ESRCH) return moved;
        missing = true;
      }
      if (!missing) break;
      if (round == kRounds) return fail(ErrorKind::Busy, fmt::format("{}: the jail forks too fast", file));
    }
  }
  return {};
}

Result<std::vector<std::string>> Group::change(const Hierarchies &where, const std::string &parent, const Limits &from,
                                               const Limits &to, const std::string &root) {
  std::vector<std::string> warnings, ignored;
  const Wanted wanted = TRY(find_devices(to, root, warnings));
  Limits lenient = from; // its devices were found before, and may be gone by now
  lenient.best_effort = true;
  auto old = find_devices(lenient, root, ignored);
  const Wanted before = old ? std::move(*old) : Wanted{lenient, {}};
  auto placement = TRY(place(where, settings_of(wanted, &before), to.best_effort));
  std::ranges::move(placement.warnings, std::back_inserter(warnings));

  std::vector<std::string> joined;
  ScopeExit undo([&] {
    const auto back = place(where, settings_of(before, &wanted), true);
    if (!back) return;
    for (const auto &placed : back->placed)
      if (!placed.v1 || has_part(placed.controller)) (void)write_setting(placed, parent, name_);
  });
  const auto old_settings = settings_of(before, &wanted);
  for (const auto &placed : placement.placed) {
    if (unchanged(placed, old_settings)) continue;
    TRY(prepare_parent(placed, parent));
    if (placed.v1 && !has_part(placed.controller)) {
      const std::string path = placed.hierarchy + "/" + parent + "/" + name_;
      if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno("cgroup " + path);
      parts_.push_back({placed.controller, placed.hierarchy + "/" + parent});
      joined.push_back(placed.controller);
    }
    TRY(write_setting(placed, parent, name_));
  }
  TRY(move_members(joined));
  if (std::ranges::find(joined, "memory") != joined.end())
    warnings.emplace_back("limit 'memory': what the jail has allocated so far stays uncounted until its next start "
                          "(cgroup v1)");
  undo.dismiss();
  return warnings;
}

} // namespace jails::cgroup
