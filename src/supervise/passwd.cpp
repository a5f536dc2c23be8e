#include "supervise/passwd.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <optional>

namespace jails::supervise {
namespace {

constexpr size_t kMaxGroups = 32;
constexpr size_t kMaxField = 255;

std::optional<uint32_t> parse_id(std::string_view text) {
  auto id = parse_int<uint32_t>(text);
  if (!id || *id == std::numeric_limits<uint32_t>::max()) return std::nullopt;
  return id;
}

// Digits are an id and never a name, other than in chown(1): a user "1000" with uid 0 would be root (CVE-2016-3697).
bool is_number(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == text.npos; }

// Calls f with each line's fields; f returns true to stop.
template <class F> void each_line(std::string_view text, size_t fields, F f) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find('\0') != line.npos || std::ranges::count(line, ':') != static_cast<ptrdiff_t>(fields) - 1) continue;
    const auto parts = split(line, ':'); // so few that a jail's file costs no memory
    if (!parts[0].empty() && f(parts)) return;
  }
}

bool usable_path(std::string_view path) {
  return path.starts_with('/') && path.size() <= kMaxField && printable(path) == path;
}

bool fill_from_passwd(User &user, std::string_view who, std::optional<uint32_t> uid, std::string_view passwd) {
  bool found = false;
  each_line(passwd, 7, [&](const auto &field) {
    const auto entry_uid = parse_id(field[2]);
    const auto entry_gid = parse_id(field[3]);
    if (!entry_uid || !entry_gid || field[0].size() > kMaxField || printable(field[0]) != field[0]) return false;
    if (uid ? *uid != *entry_uid : is_number(who) || field[0] != who) return false;
    user.uid = *entry_uid;
    user.gid = *entry_gid;
    user.name = field[0];
    user.home = usable_path(field[5]) ? std::string(field[5]) : "/";
    user.shell = usable_path(field[6]) ? std::string(field[6]) : "/bin/sh";
    found = true;
    return true;
  });
  return found;
}

Status set_group(User &user, std::string_view name, std::string_view group) {
  const auto gid = find_gid(name, group);
  if (!gid) return fail(ErrorKind::NotFound, fmt::format("the jail has no group '{}'", printable(name)));
  user.gid = *gid;
  user.groups.clear();
  return {};
}

// Not by split(): a list in a jail's file may be of commas only.
bool is_listed(std::string_view list, std::string_view name) {
  while (true) {
    const auto end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == name) return true;
    if (end == list.size()) return false;
    list.remove_prefix(end + 1);
  }
}

// As initgroups(3): the primary one first.
void add_groups(User &user, std::string_view group) {
  user.groups = {user.gid};
  each_line(group, 4, [&](const auto &field) {
    const auto gid = parse_id(field[2]);
    if (!gid || *gid == user.gid) return false;
    if (is_listed(field[3], user.name)) user.groups.push_back(*gid);
    return user.groups.size() == kMaxGroups;
  });
}

} // namespace

std::optional<uint32_t> find_uid(std::string_view who, std::string_view passwd) {
  User user;
  if (is_number(who)) return parse_id(who);
  return fill_from_passwd(user, who, std::nullopt, passwd) ? std::optional(user.uid) : std::nullopt;
}

std::optional<uint32_t> find_gid(std::string_view who, std::string_view group) {
  std::optional<uint32_t> gid = parse_id(who);
  if (!gid && !is_number(who))
    each_line(group, 4, [&](const auto &field) {
      if (field[0] == who) gid = parse_id(field[2]);
      return gid.has_value();
    });
  return gid;
}

Result<User> find_user(std::string_view who, std::string_view passwd, std::string_view group) {
  const auto colon = who.find(':');
  std::string_view name = who.substr(0, colon);
  if (name.empty() && colon == who.npos) name = "root";
  User user;
  const auto uid = parse_id(name);
  if (!fill_from_passwd(user, name, uid, passwd)) {
    if (uid) {
      user = {.uid = *uid, .gid = *uid, .groups = {}, .name = std::string(name), .home = "/", .shell = "/bin/sh"};
      if (*uid == 0) user.name = "root", user.home = "/root";
    } else if (name != "root") {
      return fail(ErrorKind::NotFound, fmt::format("the jail has no user '{}'", printable(name)));
    }
  }
  if (user.uid != 0 || user.gid != 0) add_groups(user, group);
  if (colon != who.npos) TRY(set_group(user, who.substr(colon + 1), group));
  return user;
}

} // namespace jails::supervise
