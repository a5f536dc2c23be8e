// Single permissions granted or taken on top of a profile, by the names of abi/permissions.h.
#pragma once

#include "base/error.h"
#include "model/ids.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

// Sets of permissions have bit N for row N of sj_permissions. They are stored and shown as names only.
using PermissionSet = uint64_t;

struct Permissions {
  PermissionSet allow = 0; // granted; the profile may include it already
  PermissionSet deny = 0;  // taken; the profile may lack it already. Never one that is in allow

  friend bool operator==(const Permissions &, const Permissions &) = default;
};

// A permission's bit. Usage: "permission 'chrot': not known, did you mean 'chroot'?", or why nobody can have it.
Result<PermissionSet> parse_permission(std::string_view name);

// "chroot,mlock" into `to`. Twice the same is Usage.
Status add_permissions(PermissionSet &to, std::string_view list);

// Usage: one is both granted and taken, or cannot be had on top of this profile.
Status check_permissions(const Permissions &permissions, Profile profile);

// What is in force.
PermissionSet effective(Profile profile, const Permissions &permissions);

// The names of a set, in the order of the alphabet.
std::vector<std::string> names_of(PermissionSet set);

// Where a permission stands, for people: "profile", "allow", "allow (in the profile already)", "deny",
// "deny (not in the profile anyway)", or "" for one that is neither there nor spoken of.
std::string_view origin_of(unsigned id, Profile profile, const Permissions &permissions);

} // namespace jails
