#include "model/permissions.h"
#include "model/policy.h"
#include "model/spec.h"
#include "result.h"

#include "abi/capability_policy.h"
#include "abi/syscall_policy.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <set>

namespace jails {
namespace {

PermissionSet set_of(std::string_view list) {
  PermissionSet set = 0;
  EXPECT_TRUE(add_permissions(set, list)) << list;
  return set;
}

TEST(Permission, Names) {
  for (unsigned id = 0; id < SJ_PERMS; id++) EXPECT_EQ(*parse_permission(sj_permissions[id].name), SJ_BIT(id));
  EXPECT_EQ(names_of(set_of("mlock,chroot")), (std::vector<std::string>{"chroot", "mlock"}));
  EXPECT_EQ(names_of(0), std::vector<std::string>{});
  EXPECT_ERROR(parse_permission("chrot"), ErrorKind::Usage, "permission 'chrot': not known, did you mean 'chroot'?");
  EXPECT_ERROR(parse_permission("CHROOT"), ErrorKind::Usage,
               "permission 'CHROOT': not known, 'jailctl profile list' has the names");
  EXPECT_ERROR(parse_permission(""), ErrorKind::Usage,
               "permission '': not known, 'jailctl profile list' has the names");
  EXPECT_ERROR(parse_permission("a\nb"), ErrorKind::Usage,
               "permission 'a\\x0ab': not known, 'jailctl profile list' has the names");
  EXPECT_ERROR(
      parse_permission("mount"), ErrorKind::Usage,
      "permission 'mount' is never granted: CAP_SYS_ADMIN undoes the jail; the administrator mounts with --mount");
}

TEST(Permission, WhatIsNeverGrantedIsNoPermission) {
  for (const auto &never : sj_never) EXPECT_FALSE(parse_permission(never.name)) << never.name;
  EXPECT_TRUE(error_text(parse_permission("raw-sockets")).starts_with("permission 'raw-sockets' is never granted: "));
}

TEST(Permission, Lists) {
  PermissionSet set = set_of("chroot");
  EXPECT_ERROR(add_permissions(set, "mlock,chroot"), ErrorKind::Usage, "permission 'chroot' is given twice");
  EXPECT_EQ(set, set_of("chroot")); // nothing of a list with an error
  for (auto bad : {"", ",", "mlock,", ",mlock", "mlock ptrace"}) EXPECT_FALSE(add_permissions(set, bad)) << bad;
}

TEST(Permission, OnTopOfAProfile) {
  const auto check = [](std::string_view allow, std::string_view deny, Profile profile) {
    return check_permissions({allow.empty() ? 0 : set_of(allow), deny.empty() ? 0 : set_of(deny)}, profile);
  };
  EXPECT_TRUE(check("chroot", "netlink-route", Profile::High));
  EXPECT_TRUE(check("chroot", "mlock", Profile::Low)); // has the one, lacks the other: no error
  EXPECT_TRUE(check("io-uring,userns", "", Profile::Low));
  EXPECT_TRUE(check("", "io-uring,userns", Profile::High));
  for (auto only_low : {"io-uring", "userns"})
    for (auto profile : {Profile::Medium, Profile::High})
      EXPECT_ERROR(
          check(only_low, "", profile), ErrorKind::Usage,
          fmt::format("permission '{}' cannot be granted in profile {}: only in low", only_low, to_string(profile)));
  EXPECT_ERROR(check("chroot", "chroot", Profile::Low), ErrorKind::Usage,
               "permission 'chroot' is both allowed and denied");
  EXPECT_FALSE(check_permissions({.allow = 1ULL << 63, .deny = 0}, Profile::Low));
  Spec spec = default_spec(*JailName::parse("web"), "/srv/web");
  spec.permissions.allow = set_of("userns");
  EXPECT_FALSE(validate(spec));
}

TEST(Permission, Effective) {
  const Permissions changed{set_of("chroot,netlink-route"), set_of("ptrace,mlock")};
  const PermissionSet high = effective(Profile::High, changed), medium = effective(Profile::Medium, changed);
  EXPECT_EQ(names_of(high), (std::vector<std::string>{"chroot", "netlink-route"}));
  EXPECT_EQ(medium, (sj_profile_permissions(SJ_PROFILE_MEDIUM) | set_of("chroot")) & ~set_of("ptrace"));
  EXPECT_EQ(origin_of(SJ_PERM_CHROOT, Profile::High, changed), "allow");
  EXPECT_EQ(origin_of(SJ_PERM_NETLINK_ROUTE, Profile::High, changed), "allow (in the profile already)");
  EXPECT_EQ(origin_of(SJ_PERM_PTRACE, Profile::Medium, changed), "deny");
  EXPECT_EQ(origin_of(SJ_PERM_MLOCK, Profile::Medium, changed), "deny (not in the profile anyway)");
  EXPECT_EQ(origin_of(SJ_PERM_SETFCAP, Profile::Medium, changed), "profile");
  EXPECT_EQ(origin_of(SJ_PERM_SETFCAP, Profile::High, changed), "");
}

TEST(PolicyLines, SayWhatTheTableSays) {
  for (const auto profile : {Profile::Low, Profile::Medium, Profile::High}) {
    const auto level = static_cast<uint32_t>(profile);
    for (const PermissionSet set :
         std::initializer_list<PermissionSet>{sj_profile_permissions(level), 0, set_of("chroot,ptrace,sysvipc")}) {
      std::set<uint32_t> finals;
      for (const auto &line : syscall_lines(profile, set)) {
        EXPECT_FALSE(finals.contains(line.nr)) << line.nr << ": a line after the last";
        if (line.when.empty()) finals.insert(line.nr);
        const bool by_rules = std::ranges::any_of(
            sj_syscall_rules, [&](const auto &rule) { return rule.nr == line.nr && rule.when[0].op != SJ_ANY; });
        if (by_rules) continue;
        const __u64 args[6] = {};
        EXPECT_EQ(line.answer == "allow", sj_syscall(level, set, line.nr, args) == 0) << line.nr;
      }
      EXPECT_EQ(finals.size(), SJ_SYSCALL_KNOWN_MAX + 1U);
    }
  }
}

TEST(PolicyLines, InWords) {
  const auto line = [](Profile profile, PermissionSet set, uint32_t nr, size_t index) {
    auto lines = syscall_lines(profile, set);
    std::erase_if(lines, [nr](const auto &one) { return one.nr != nr; });
    const auto &one = lines.at(index);
    return fmt::format("{}|{}|{}|{}", one.name, one.answer, one.when, one.permission);
  };
  EXPECT_EQ(line(Profile::High, 0, SJ_NR(read), 0), "read|allow||");
  EXPECT_EQ(line(Profile::High, 0, SJ_NR(chroot), 0), "chroot|EPERM||chroot");
  EXPECT_EQ(line(Profile::High, set_of("chroot"), SJ_NR(chroot), 0), "chroot|allow||");
  EXPECT_EQ(line(Profile::Low, 0, SJ_NR(clone3), 0), "clone3|ENOSYS||");
  EXPECT_EQ(line(Profile::High, 0, SJ_NR(clone), 1), "clone|EPERM|arg0 & 0x8000 != 0|suid");
  EXPECT_EQ(line(Profile::High, set_of("suid"), SJ_NR(clone), 0), "clone|EPERM|arg0 & 0x7e020000 != 0|userns");
  EXPECT_EQ(line(Profile::Low, 0, SJ_NR(prlimit64), 1), "prlimit64|EPERM|arg1 == 4 and arg2 != 0|core-dumps");
  EXPECT_EQ(line(Profile::Low, set_of("socket-diag"), SJ_NR(socket), 1),
            "socket|allow|arg0 == 0x10 and arg2 == 4|socket-diag");
  EXPECT_EQ(line(Profile::Medium, 0, 400, 0), "-|allow||");
  EXPECT_EQ(syscall_name(469), "file_setattr");
  EXPECT_EQ(syscall_name(100000), "-");
}

TEST(PolicyLines, Capabilities) {
  EXPECT_EQ(capability_names(SJ_CAP(CHOWN) | SJ_CAP(SYS_PTRACE) | SJ_CAP(CHECKPOINT_RESTORE)),
            (std::vector<std::string>{"CHOWN", "SYS_PTRACE", "CHECKPOINT_RESTORE"}));
  EXPECT_EQ(capability_names(capabilities_of(Profile::High, set_of("mlock"), true)),
            (std::vector<std::string>{"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
                                      "SETPCAP", "NET_BIND_SERVICE", "IPC_LOCK"}));
}

// The manual page has the same rows, in the same order.
TEST(Manual, TellsOfEveryPermission) {
  std::ifstream file(JAILS_MANUAL);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  ASSERT_FALSE(lines.empty()) << JAILS_MANUAL;
  const auto has = [](const sj_permission &row, unsigned profile) {
    return (row.profiles & profile) != 0 ? "yes" : (row.grantable & profile) != 0 ? "allow" : "no";
  };
  auto from = lines.begin();
  const auto wanted = [&](const std::string &text) {
    const auto found = std::find(from, lines.end(), text);
    EXPECT_NE(found, lines.end()) << "not in the page, or in another order: " << text;
    if (found != lines.end()) from = found + 1;
  };
  for (const auto &row : sj_permissions) {
    wanted(fmt::format(".It {} Ta {} Ta {} Ta {}", row.name, has(row, SJ_L), has(row, SJ_M), has(row, SJ_H)));
  }
  for (const auto &row : sj_never) wanted(fmt::format(".It {}", row.name));
}

} // namespace
} // namespace jails
