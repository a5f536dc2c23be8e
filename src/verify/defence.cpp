#include "verify/defence.h"

#include "base/text.h"
#include "loader/loader.h"
#include "sys/file.h"

#include <algorithm>
#include <fmt/format.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jails::verify {
namespace {

// Landlock, the filter and the cgroup programs stand alone so far; the answer tells whether a second line could.
Defence second_line() {
  const auto modules = sys::read_file("/sys/kernel/security/lsm", 4096);
  const auto names = modules ? split(trim(*modules), ',') : std::vector<std::string_view>();
  const bool there = std::ranges::find(names, "bpf") != names.end();
  return {"BPF LSM", false,
          fmt::format("not used by this version; the kernel {}", !modules ? "does not tell whether it has it"
                                                                 : there  ? "lists it"
                                                                          : "does not list it")};
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
  found.push_back(second_line());
  return found;
}

} // namespace jails::verify
