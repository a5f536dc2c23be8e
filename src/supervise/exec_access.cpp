#include "supervise/exec_access.h"

#include "base/text.h"
#include "supervise/passwd.h"
#include "sys/file.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails::supervise {
namespace {

constexpr size_t kMaxFile = 4U << 20U;

bool applies(const ExecRule &rule, const Peer &peer, const HostFiles &files) {
  if (peer.uid == 0) return false;
  if (!rule.group) return find_uid(rule.who, files.passwd) == peer.uid;
  const auto gid = find_gid(rule.who, files.group);
  return gid && (*gid == peer.gid || std::ranges::find(peer.groups, *gid) != peer.groups.end());
}

} // namespace

Result<HostFiles> read_host_files() {
  return HostFiles{.passwd = TRY(sys::read_file("/etc/passwd", kMaxFile)),
                   .group = TRY(sys::read_file("/etc/group", kMaxFile))};
}

Status check_host_users(const std::vector<ExecRule> &rules, const HostFiles &files) {
  for (const auto &rule : rules) {
    if (rule.group ? find_gid(rule.who, files.group).has_value() : find_uid(rule.who, files.passwd).has_value())
      continue;
    return fail(ErrorKind::NotFound, fmt::format("exec rule {}: this host has no {} {}", in_quotes(to_string(rule)),
                                                 rule.group ? "group" : "user", in_quotes(rule.who)));
  }
  return {};
}

Status check_host_users(const std::vector<ExecRule> &rules) {
  return rules.empty() ? Status{} : check_host_users(rules, TRY(read_host_files()));
}

std::string name_of(const Peer &peer, const HostFiles &files) {
  const auto user = find_user(std::to_string(peer.uid), files.passwd, "");
  return user ? user->name : std::to_string(peer.uid);
}

bool is_let_in(const std::vector<ExecRule> &rules, const Peer &peer, const HostFiles &files) {
  return std::ranges::any_of(rules, [&](const ExecRule &rule) { return applies(rule, peer, files); });
}

Result<std::string> user_in_jail(const std::vector<ExecRule> &rules, const Peer &peer, const HostFiles &files,
                                 std::string_view asked) {
  const std::string same = fmt::format("{}:{}", peer.uid, peer.gid);
  std::vector<std::string> given;
  for (const auto &rule : rules) {
    if (!applies(rule, peer, files)) continue;
    if (asked.empty()) return rule.as.empty() ? same : rule.as;
    if (rule.as == asked) return rule.as;
    if (rule.as.empty() && (asked == same || asked == std::to_string(peer.uid) || asked == name_of(peer, files)))
      return same;
    given.push_back(rule.as.empty() ? std::to_string(peer.uid) : rule.as);
  }
  const std::string who = name_of(peer, files);
  if (given.empty()) return fail(ErrorKind::Denied, fmt::format("no rule of the jail lets {} in", who));
  return fail(ErrorKind::Denied,
              fmt::format("{} may not be {} in the jail, but {}", who, in_quotes(asked), fmt::join(given, " or ")));
}

} // namespace jails::supervise
