#include "jail/limits.h"

#include "cgroup/group.h"
#include "cgroup/host.h"
#include "cgroup/usage.h"
#include "jail/control.h"
#include "launch/disk.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <poll.h>
#include <sys/statvfs.h>

namespace jails {
namespace {

// The supervisor alone changes its jail, so that a restart of the jail has the new limits too.
Result<supervise::Reply> ask_limits(const Instance &instance, const JailName &name,
                                    std::span<const std::string_view> words) {
  const Fd connection = TRY(connect_supervisor(instance, name));
  TRY(send_request(connection, {.type = supervise::RequestType::Limits,
                                .exec = {},
                                .limits = std::vector<std::string>(words.begin(), words.end())}));
  pollfd ready{.fd = connection.get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, 60000) != 1) // the kernel may take its time to reclaim memory
    return fail(ErrorKind::Busy, fmt::format("the supervisor of jail {} does not answer", name.str()));
  auto reply = TRY(receive_reply(connection)).reply;
  if (reply.type != supervise::ReplyType::Limits)
    return fail(static_cast<ErrorKind>(reply.kind), reply.text.empty() ? "unexpected reply" : reply.text);
  return reply;
}

Result<LimitChange> ask_supervisor(const Instance &instance, const JailName &name,
                                   std::span<const std::string_view> words) {
  const auto reply = TRY(ask_limits(instance, name, words));
  LimitChange change{.limits = {}, .running = true, .warnings = reply.warnings};
  const std::vector<std::string_view> now(reply.limits.begin(), reply.limits.end());
  TRY(change_limits(change.limits, now));
  return change;
}

bool lowered(std::optional<uint64_t> from, std::optional<uint64_t> to) { return to && (!from || *to < *from); }

void foresee_use(const cgroup::Group &group, const JailRow &row, const Limits &from, const Limits &to,
                 std::vector<std::string> &warnings) {
  const bool v1 = !group.directory("memory").empty();
  if (const auto used = cgroup::memory_use(group); lowered(from.memory, to.memory) && used && *used > *to.memory)
    warnings.push_back(
        fmt::format("limit 'memory': the jail uses {} bytes now; the kernel takes back what it can, and {}", *used,
                    v1 ? "refuses the limit where that is not enough"
                       : (to.oom == OomKill::Group ? "then kills the jail" : "then kills processes of the jail")));
  if (const auto count = group.count_others(row.anchor);
      lowered(from.processes, to.processes) && count && *count > *to.processes)
    warnings.push_back(fmt::format("limit 'processes': the jail has {} now; they stay, and none is added before they "
                                   "are fewer than {}",
                                   *count, *to.processes));
}

} // namespace

Status check_disk(const Spec &spec) {
  if (!launch::limits_disk(spec.limits) || !spec.image.empty() || spec.limits.best_effort) return {};
  return launch::check_quota(spec);
}

void add_disk(const JailRow &row, const Spec &spec, std::vector<cgroup::LimitUse> &uses) {
  const auto add = [&](const char *key, uint64_t limit, uint64_t used, const std::string &by) {
    uses.push_back({.limit = key,
                    .configured = find_limit(key)->text(spec.limits),
                    .active = limit == 0 ? "" : std::to_string(limit),
                    .current = by.empty() ? std::nullopt : std::optional(static_cast<double>(used)),
                    .peak = {},
                    .hits = {},
                    .by = limit == 0 ? "" : by});
  };
  struct statvfs st{};
  if (!spec.image.empty()) {
    const bool there = row.anchor != 0 && statvfs(fmt::format("/proc/{}/root", row.anchor).c_str(), &st) == 0;
    const std::string by = there ? "image " + spec.image : "";
    add("disk", st.f_blocks * st.f_frsize, (st.f_blocks - st.f_bfree) * st.f_frsize, by);
    return add("inodes", st.f_files, st.f_files - st.f_ffree, by);
  }
  const auto read = launch::quota_of(row.root);
  const auto quota = read && *read ? **read : sys::Quota{};
  const std::string by = read && *read ? "project quota" : "";
  add("disk", quota.bytes, quota.used_bytes, by);
  add("inodes", quota.inodes, quota.used_inodes, by);
}

Result<Limits> limits_of(const Instance &instance, const JailName &name) {
  if (is_running(instance, name)) return TRY(ask_supervisor(instance, name, {})).limits;
  return TRY(registered_spec(instance, name)).limits;
}

Result<std::vector<ReactionUse>> reactions_of(const Instance &instance, const JailName &name) {
  const Spec spec = TRY(spec_in_force(instance, name));
  std::vector<ReactionUse> uses;
  for (const auto &reaction : spec.reactions) uses.push_back({reaction, {}});
  if (uses.empty() || !is_running(instance, name)) return uses;
  const auto reply = TRY(ask_limits(instance, name, {}));
  for (size_t i = 0; i < std::min(uses.size(), reply.reactions.size()); i++) uses[i].state = reply.reactions[i];
  return uses;
}

Result<LimitChange> foresee_limits(const Instance &instance, const JailRow &row,
                                   std::span<const std::string_view> words) {
  const auto name = TRY(JailName::parse(row.name));
  const Limits before = TRY(limits_of(instance, name));
  LimitChange change{.limits = before, .running = is_running(instance, name), .warnings = {}};
  TRY(change_limits(change.limits, words));
  change.warnings = TRY(cgroup::check_host(change.limits, row.root));
  if (change.limits.disk != before.disk || change.limits.inodes != before.inodes) {
    Spec spec = TRY(spec_in_force(instance, name));
    spec.limits = change.limits;
    TRY(check_disk(spec));
  }
  if (!change.running) return change;
  const auto group = cgroup::Group::open(TRY(cgroup::Hierarchies::discover()), instance.cgroup_name(), name);
  if (group) foresee_use(*group, row, before, change.limits, change.warnings);
  return change;
}

Result<LimitChange> set_limits(const Instance &instance, const JailRow &row, std::span<const std::string_view> words,
                               const NameLock &lock) {
  const auto name = TRY(JailName::parse(row.name));
  LimitChange change;
  if (is_running(instance, name)) {
    change = TRY(ask_supervisor(instance, name, words));
  } else {
    change.limits = TRY(registered_spec(instance, name)).limits;
    const bool had_disk = launch::limits_disk(change.limits);
    TRY(change_limits(change.limits, words));
    if (had_disk && !launch::limits_disk(change.limits)) launch::drop_quota(row.root); // no start would think of it
  }
  TRY(register_limits(instance, name, change.limits, lock));
  return change;
}

} // namespace jails
