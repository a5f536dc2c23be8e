#include "verify/defence.h"

#include "abi/syscall_policy.h"
#include "loader/loader.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jails::verify {
namespace {

// Landlock, the filter and the cgroup programs stand alone; where this line is missing, the answer tells why.
Defence second_line(bool loaded) {
  if (loaded) return {"BPF LSM", true, "second line: no power of unprivileged host users over jails"};
  constexpr uint64_t kBpf = 109; // LSM_ID_BPF
  std::array<uint64_t, 64> ids{};
  uint32_t size = sizeof ids;
  const long count = syscall(__NR_lsm_list_modules, ids.data(), &size, 0);
  const bool there = std::ranges::find(ids, kBpf) != ids.end();
  const char *kernel = count < 0 ? "does not tell whether it has it" : there ? "has it" : "was not booted with it";
  return {"BPF LSM", false, fmt::format("the kernel {}{}", kernel, there ? ", and takes no programs" : "")};
}

} // namespace

std::vector<Defence> defences(const Instance &instance) {
  std::vector<Defence> found;
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  found.push_back({"Landlock", abi > 0, abi > 0 ? fmt::format("ABI {}", abi) : "not enabled"});
  const auto status = secmodel_status(instance);
  if (!status) found.push_back({"BPF", false, status.error().text()});
  if (status)
    for (const auto &program : status->programs)
      found.push_back({"BPF " + program.name, program.attached, program.attached ? program.where : program.problem});
  found.push_back(second_line(status && status->second_line));
  return found;
}

} // namespace jails::verify
