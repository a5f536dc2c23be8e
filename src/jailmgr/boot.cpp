#include "jailmgr/boot.h"

#include "jailmgr/unit.h"
#include "sys/file.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

constexpr const char *kUnit = "/etc/systemd/system/jailmgr.service";
constexpr const char *kScript = "/etc/init.d/jailmgr";
constexpr size_t kMaxFile = 1U << 20U;

bool exists(const char *path) { return access(path, F_OK) == 0; }

// Running, or what this system will boot (an image that is being made): not merely installed.
bool has_systemd() {
  if (exists("/run/systemd/system")) return true;
  char target[PATH_MAX];
  return realpath("/sbin/init", target) != nullptr && std::string_view(target).ends_with("/systemd");
}

Result<std::string> program_directory() {
  char path[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
  if (n <= 0) return fail_errno("/proc/self/exe");
  std::string exe(path, static_cast<size_t>(n));
  return exe.substr(0, exe.find_last_of('/'));
}

Result<std::string> from_template(const char *name) {
  const std::string sbin = TRY(program_directory());
  const std::string prefix = sbin.substr(0, sbin.find_last_of('/'));
  std::string text = TRY(sys::read_file(fmt::format("{}/share/jails/{}", prefix, name), kMaxFile));
  constexpr std::string_view kMark = "@SBINDIR@";
  for (size_t at = 0; (at = text.find(kMark, at)) != std::string::npos; at += sbin.size())
    text.replace(at, kMark.size(), sbin);
  return text;
}

// True when it had to be written.
Result<bool> put(const char *path, const std::string &text, mode_t mode) {
  const auto old = sys::read_file(path, kMaxFile);
  if (old && *old == text) return false;
  TRY(sys::replace_file(path, text, mode));
  return true;
}

Result<std::string> install_unit() {
  bool written = TRY(put(kUnit, TRY(from_template("jailmgr.service.in")), 0644));
  written = TRY(put(kUnitTemplate, TRY(from_template("jail@.service.in")), 0644)) || written;
  if (written && exists("/run/systemd/system")) run_program({"systemctl", "daemon-reload"});
  const bool enabled = exists("/etc/systemd/system/multi-user.target.wants/jailmgr.service");
  if (!enabled && run_program({"systemctl", "enable", "jailmgr.service"}) != 0)
    return fail(ErrorKind::System, "'systemctl enable jailmgr.service' failed");
  return written || !enabled ? fmt::format("installed {} and enabled it", kUnit)
                             : fmt::format("{} is there already", kUnit);
}

Result<std::string> install_script() {
  const bool written = TRY(put(kScript, TRY(from_template("jailmgr.init.in")), 0755));
  if (chmod(kScript, 0755) != 0) return fail_errno(kScript); // whatever our umask made of it
  if (!written) return fmt::format("{} is there already", kScript);
  const int enabled = run_program({"update-rc.d", "jailmgr", "defaults"});
  if (enabled == 127)
    return fmt::format("installed {}; there is no update-rc.d: enable it as this system does", kScript);
  if (enabled != 0) return fail(ErrorKind::System, "'update-rc.d jailmgr defaults' failed");
  return fmt::format("installed {} and enabled it", kScript);
}

} // namespace

Result<std::string> install_boot() {
  if (has_systemd()) return install_unit();
  if (exists("/etc/init.d")) return install_script();
  return std::string(
      "neither systemd nor /etc/init.d: run 'jailmgr bootstrap --boot' and 'jailmgr start --all' at boot");
}

Result<std::string> remove_boot() {
  std::string done;
  if (exists(kUnit)) {
    run_program({"systemctl", "disable", "jailmgr.service"});
    if (unlink(kUnit) != 0) return fail_errno(kUnit);
    if (unlink(kUnitTemplate) != 0 && errno != ENOENT) return fail_errno(kUnitTemplate);
    if (exists("/run/systemd/system")) run_program({"systemctl", "daemon-reload"});
    done = fmt::format("removed {}", kUnit);
  }
  if (exists(kScript)) {
    if (unlink(kScript) != 0) return fail_errno(kScript);
    run_program({"update-rc.d", "jailmgr", "remove"}); // takes the links away only once the script is gone
    done += fmt::format("{}removed {}", done.empty() ? "" : ", ", kScript);
  }
  return done;
}

} // namespace jailmgr
