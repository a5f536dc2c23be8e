#include "cgroup/place.h"

#include "base/text.h"
#include "cgroup/device.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>

namespace jails::cgroup {
namespace {

constexpr size_t kMaxText = 1U << 20U;

Status make_directory(const std::string &path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(path);
  return {};
}

// v2: a controller must be enabled in every level above (cgroups(7)). Only when it is not: writing needs a moment.
Status enable_controller(const std::string &directory, const std::string &controller) {
  const std::string file = directory + "/cgroup.subtree_control";
  const std::string enabled = TRY(sys::read_file(file, kMaxText));
  for (auto word : split(trim(enabled), ' '))
    if (word == controller) return {};
  return sys::write_file(file, "+" + controller);
}

bool has_v2_controller(const Hierarchies &where, const std::string &controller) {
  const auto text = sys::read_file(where.v2 + "/cgroup.controllers", kMaxText);
  if (!text) return false;
  for (auto word : split(trim(*text), ' '))
    if (word == controller) return true;
  return false;
}

// A new v1 cpuset has neither CPUs nor memory nodes, and takes no process before it has both (cpuset(7)).
Status inherit_cpuset(const std::string &from, const std::string &to) {
  for (const char *file : {"/cpuset.cpus", "/cpuset.mems"}) {
    if (!trim(TRY(sys::read_file(to + file, kMaxText))).empty()) continue;
    TRY(sys::write_file(to + file, TRY(sys::read_file(from + file, kMaxText))));
  }
  return {};
}

Status write_one(const Placed &placed, const std::string &above, const std::string &dir, Write write) {
  const std::string file = dir + "/" + write.file;
  // A set with tasks in it cannot be made empty again, on v1 and v2 alike (ENOSPC; tried on 6.12): it gets what is
  // above.
  if (placed.controller == "cpuset" && trim(write.value).empty() && !trim(TRY(sys::read_file(file, kMaxText))).empty())
    write.value = TRY(sys::read_file(above + "/" + write.file + (placed.v1 ? "" : ".effective"), kMaxText));
  auto written = sys::write_file(file, write.value);
  if (!written && written.error().sys_errno() == EBUSY)
    return fail(ErrorKind::Busy, fmt::format("the jail uses more, and the kernel cannot take it back ({})", file));
  TRY(std::move(written));
  const std::string text = TRY(sys::read_file(file, kMaxText));
  if (reads_back(write, text)) return {};
  return fail(ErrorKind::System,
              fmt::format("{}: wrote '{}', and the kernel says '{}'", file, trim(write.value), printable(trim(text))));
}

} // namespace

Result<Wanted> find_devices(const Limits &limits, const std::string &root, std::vector<std::string> &warnings) {
  Wanted wanted{limits, {}};
  for (const auto &rates : limits.io) {
    auto number = device_number(rates.device, root);
    if (!number && number.error().kind() == ErrorKind::Unsupported && limits.best_effort) {
      warnings.push_back("limit 'io': " + number.error().text() + "; not limited");
      continue;
    }
    const std::string found = TRY_IN("limit 'io'", std::move(number));
    if (std::ranges::find(wanted.io, found, &DeviceRates::number) != wanted.io.end())
      return fail(ErrorKind::Usage, fmt::format("limit 'io': {} and another name are the same disk {}",
                                                rates.device.empty() ? "the root's" : printable(rates.device), found));
    wanted.io.push_back({found, rates});
  }
  return wanted;
}

Result<Placement> place(const Hierarchies &where, std::vector<Setting> settings, bool best_effort) {
  Placement placement;
  for (auto &setting : settings) {
    const std::string controller = setting.controller;
    const std::string v1_name = controller == "io" ? "blkio" : controller;
    const auto v1 = where.v1.find(v1_name);
    const bool on_v1 = v1 != where.v1.end();
    if (setting.elsewhere && (on_v1 ? setting.v1 : setting.v2).empty()) continue;
    std::string reason;
    if (!on_v1 && !has_v2_controller(where, controller))
      reason = fmt::format("this host has no '{}' cgroup controller", controller);
    else if (on_v1 && setting.v1_reason != nullptr)
      reason = setting.v1_reason;
    if (reason.empty()) {
      placement.placed.push_back(
          {std::move(setting), on_v1, on_v1 ? v1_name : controller, on_v1 ? v1->second : where.v2});
    } else if (setting.reset) {
      continue;
    } else if (best_effort) {
      placement.warnings.push_back(fmt::format("limit '{}': {}; not limited", setting.limit, reason));
    } else {
      return fail(ErrorKind::Unsupported, fmt::format("limit '{}': {}", setting.limit, reason));
    }
  }
  return placement;
}

Status prepare_parent(const Placed &placed, const std::string &parent) {
  const std::string above = placed.hierarchy + "/" + parent;
  if (!placed.v1) {
    TRY(enable_controller(placed.hierarchy, placed.controller));
    return enable_controller(above, placed.controller);
  }
  TRY(make_directory(above));
  return placed.controller == "cpuset" ? inherit_cpuset(placed.hierarchy, above) : Status{};
}

Status write_setting(const Placed &placed, const std::string &parent, const std::string &name) {
  const std::string above = placed.hierarchy + "/" + parent;
  const std::string dir = above + "/" + name;
  if (placed.v1 && placed.controller == "cpuset") TRY(inherit_cpuset(above, dir));
  for (const auto &write : placed.v1 ? placed.setting.v1 : placed.setting.v2)
    TRY_IN(fmt::format("limit '{}'", placed.setting.limit), write_one(placed, above, dir, write));
  return {};
}

} // namespace jails::cgroup
