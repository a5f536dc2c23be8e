#include "launch/domain.h"

#include <cerrno>
#include <cstdint>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jails::launch {
namespace {

// As of ABI 6; Debian 12's header is older.
struct RulesetAttr {
  uint64_t handled_access_fs, handled_access_net, scoped;
};
constexpr uint64_t kAccessFsRefer = 1U << 13U;
constexpr uint64_t kScopeAbstractUnix = 1, kScopeSignal = 2;
constexpr long kNeededAbi = 6;
// What goes into the host's audit log, since ABI 7. The tries of a start are no news. A domain that a program of the
// jail makes would be one that writes there as fast as it is refused something.
constexpr long kLogAbi = 7;
constexpr uint32_t kLogSameExecOff = 1, kLogNewExecOn = 2, kLogSubdomainsOff = 4;

} // namespace

Result<Domain> make_domain(int root, bool told) {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 0)
    return fail_errno(errno == EOPNOTSUPP ? "Landlock is not enabled (boot with lsm=landlock,...)" : "Landlock");
  if (abi < kNeededAbi)
    return fail(ErrorKind::Unsupported, fmt::format("Landlock has ABI {}, needed is {} (Linux 6.12)", abi, kNeededAbi));
  // Handling MAKE_CHAR and MAKE_BLOCK with no rule also makes mount, umount and pivot_root fail; a domain that only
  // scopes does not (tried on 6.18).
  const RulesetAttr attr{LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK | kAccessFsRefer, 0,
                         kScopeAbstractUnix | kScopeSignal};
  Fd ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0)));
  if (!ruleset) return fail_errno("Landlock ruleset");
  // Any domain that handles the file system refuses rename and link between directories with EXDEV, handled or not,
  // where no rule allows it (landlock(7)); dpkg among others needs that.
  const landlock_path_beneath_attr everywhere{.allowed_access = kAccessFsRefer, .parent_fd = root};
  if (syscall(SYS_landlock_add_rule, ruleset.get(), LANDLOCK_RULE_PATH_BENEATH, &everywhere, 0) != 0)
    return fail_errno("Landlock rule");
  const uint32_t flags = abi < kLogAbi ? 0 : kLogSameExecOff | kLogSubdomainsOff | (told ? kLogNewExecOn : 0);
  return Domain{.ruleset = std::move(ruleset), .flags = flags};
}

} // namespace jails::launch
