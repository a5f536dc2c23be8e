// Users of a jail, from its own passwd(5) and group(5) files: hostile text, parsed by us and never by NSS (whose
// modules would be the jail's, CVE-2019-14271).
#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jails::supervise {

struct User {
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::vector<uint32_t> groups; // supplementary, at most 32
  std::string name = "root";
  std::string home = "/root";
  std::string shell = "/bin/sh";
};

// `who` is a name or a uid, optionally ":" and a group name or gid; digits are never a name. A number that passwd does
// not know is accepted with gid = uid's number, home "/". An id of 2^32-1 (which setresuid takes for "no change") or
// out of range never comes out (CVE-2026-30892, CVE-2016-3697). NotFound: no such user or group.
Result<User> find_user(std::string_view who, std::string_view passwd, std::string_view group);

// The id of a name, or of digits, which need not be in the file. Nothing: there is no such user or group.
std::optional<uint32_t> find_uid(std::string_view who, std::string_view passwd);
std::optional<uint32_t> find_gid(std::string_view who, std::string_view group);

} // namespace jails::supervise
