#include "model/permissions.h"

#include "abi/permissions.h"
#include "base/text.h"

#include <fmt/format.h>

namespace jails {
namespace {

constexpr bool is_sound() {
  for (unsigned id = 0; id < SJ_PERMS; id++) {
    const auto &row = sj_permissions[id];
    if ((row.capabilities & SJ_CAPS_NEVER) != 0) return false;        // would equal root of the host
    if ((row.profiles & ~unsigned{row.grantable}) != 0) return false; // included where it cannot be had
    if (id > 0 && std::string_view(sj_permissions[id - 1].name) >= row.name) return false;
  }
  return true;
}
static_assert(is_sound());
static_assert(SJ_PERMS <= 64);

// A stricter profile includes no more.
constexpr bool is_nested() {
  for (const auto &row : sj_permissions)
    if (((row.profiles & SJ_H) != 0 && (row.profiles & SJ_M) == 0) ||
        ((row.profiles & SJ_M) != 0 && (row.profiles & SJ_L) == 0))
      return false;
  return true;
}
static_assert(is_nested());

unsigned bit_of(Profile profile) { return 1U << static_cast<unsigned>(profile); }

} // namespace

Result<PermissionSet> parse_permission(std::string_view name) {
  for (unsigned id = 0; id < SJ_PERMS; id++)
    if (name == sj_permissions[id].name) return SJ_BIT(id);
  for (const auto &never : sj_never)
    if (name == never.name)
      return fail(ErrorKind::Usage, fmt::format("permission '{}' is never granted: {}", never.name, never.why));
  std::vector<std::string_view> known;
  for (const auto &row : sj_permissions) known.emplace_back(row.name);
  const auto near = nearest(name, known);
  return fail(ErrorKind::Usage, fmt::format("permission {}: not known, {}", in_quotes(name),
                                            near.empty() ? std::string("'jailctl profile list' has the names")
                                                         : fmt::format("did you mean '{}'?", near)));
}

Status add_permissions(PermissionSet &to, std::string_view list) {
  PermissionSet all = to;
  for (auto name : split(list, ',')) {
    const PermissionSet bit = TRY(parse_permission(name));
    if ((all & bit) != 0) return fail(ErrorKind::Usage, fmt::format("permission '{}' is given twice", name));
    all |= bit;
  }
  to = all;
  return {};
}

Status check_permissions(const Permissions &permissions, Profile profile) {
  for (unsigned id = 0; id < SJ_PERMS; id++) {
    const auto &row = sj_permissions[id];
    if (sj_has(permissions.allow & permissions.deny, id) != 0)
      return fail(ErrorKind::Usage, fmt::format("permission '{}' is both allowed and denied", row.name));
    if (sj_has(permissions.allow, id) != 0 && (row.grantable & bit_of(profile)) == 0)
      return fail(ErrorKind::Usage, fmt::format("permission '{}' cannot be granted in profile {}: only in low",
                                                row.name, to_string(profile)));
  }
  if (((permissions.allow | permissions.deny) >> SJ_PERMS) != 0)
    return fail(ErrorKind::Usage, "a permission that this version does not know");
  return {};
}

PermissionSet effective(Profile profile, const Permissions &permissions) {
  return sj_effective_permissions(static_cast<uint32_t>(profile), permissions.allow, permissions.deny);
}

std::vector<std::string> names_of(PermissionSet set) {
  std::vector<std::string> names;
  for (unsigned id = 0; id < SJ_PERMS; id++)
    if (sj_has(set, id) != 0) names.emplace_back(sj_permissions[id].name);
  return names;
}

std::string_view origin_of(unsigned id, Profile profile, const Permissions &permissions) {
  const bool included = (sj_permissions[id].profiles & bit_of(profile)) != 0;
  if (sj_has(permissions.allow, id) != 0) return included ? "allow (in the profile already)" : "allow";
  if (sj_has(permissions.deny, id) != 0) return included ? "deny" : "deny (not in the profile anyway)";
  return included ? "profile" : "";
}

} // namespace jails
