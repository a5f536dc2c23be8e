#include "jailmgr/unit.h"

#include "sys/file.h"

#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace jailmgr {

using namespace jails;

namespace {

constexpr size_t kMaxError = 4096;

std::string error_file(const Instance &instance, const JailName &name) {
  return fmt::format("{}/{}.unit-error", instance.run_dir(), name.str());
}

// Set by the unit.
bool is_in_unit(const JailName &name) {
  const char *unit = getenv("JAILMGR_UNIT");
  return unit != nullptr && unit == std::string_view(name.str());
}

} // namespace

int run_program(std::initializer_list<const char *> words) {
  std::vector<char *> argv;
  for (const char *word : words) argv.push_back(const_cast<char *>(word));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (int fd = 0; fd < 3; fd++) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char *const environment[] = {path, nullptr};
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (error != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return 127;
  return WEXITSTATUS(status);
}

Result<bool> start_by_unit(const Instance &instance, const JailName &name) {
  if (!instance.name().empty() || is_in_unit(name)) return false;
  if (access("/run/systemd/system", F_OK) != 0 || access(kUnitTemplate, F_OK) != 0) return false;
  const std::string told = error_file(instance, name);
  unlink(told.c_str());
  const std::string unit = fmt::format("jail@{}.service", name.str());
  if (run_program({"systemctl", "start", unit.c_str()}) == 0) return true;
  const auto why = sys::read_file(told, kMaxError);
  unlink(told.c_str());
  return fail(ErrorKind::System,
              why ? *why : fmt::format("'systemctl start {}' failed; 'systemctl status {}' may tell why", unit, unit));
}

void tell_starter(const Instance &instance, const JailName &name, const Error &error) {
  if (is_in_unit(name)) static_cast<void>(sys::replace_file(error_file(instance, name), error.text(), 0600));
}

} // namespace jailmgr
