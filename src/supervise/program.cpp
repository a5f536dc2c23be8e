#include "supervise/supervisor.h"

#include "model/program_path.h"
#include "supervise/passwd.h"
#include "sys/call.h"
#include "sys/file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace jails::supervise {
namespace {

constexpr size_t kMaxUserFile = 1U << 20U; // read at each exec and health check

// A file of the jail: resolved inside its root, never through a magic link, never waiting on a FIFO, a regular file or
// nothing. A missing file reads as empty.
Result<std::string> read_jail_file(int root, const std::string &path) {
  auto fd = sys::open_at(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  if (!fd) {
    if (fd.error().sys_errno() == ENOENT || fd.error().sys_errno() == ENOTDIR) return std::string();
    return std::unexpected(std::move(fd).error().context("in the jail"));
  }
  struct stat st{};
  if (fstat(fd->get(), &st) != 0) return fail_errno("/" + path + " of the jail");
  if (!S_ISREG(st.st_mode)) return fail(ErrorKind::Malformed, "/" + path + " of the jail is not a regular file");
  return TRY_IN("/" + path + " of the jail", sys::read_all(fd->get(), kMaxUserFile));
}

} // namespace

Result<Spawner::Program> resolve_program(int root, const ExecRequest &request) {
  const std::string passwd = TRY(read_jail_file(root, "etc/passwd"));
  const std::string group = TRY(read_jail_file(root, "etc/group"));
  const User user = TRY(find_user(request.user, passwd, group));
  Spawner::Program program;
  program.stdio = request.stdio;
  program.uid = user.uid;
  program.gid = user.gid;
  program.groups = user.groups;
  program.directory = request.directory.empty() ? "/" : request.directory;
  program.argv = request.command;
  if (program.argv.empty()) {
    program.argv = {user.shell};
    if (request.stdio[0] == anchor::Stdio::Terminal) program.argv.emplace_back("-i");
  }
  program.environment = {fmt::format("PATH={}", kProgramPath), "HOME=" + user.home, "USER=" + user.name,
                         "LOGNAME=" + user.name, "SHELL=" + user.shell};
  for (const auto &entry : request.environment) {
    const auto name = entry.substr(0, entry.find('=') + 1);
    std::erase_if(program.environment, [&](const auto &old) { return old.starts_with(name); });
    program.environment.push_back(entry);
  }
  return program;
}

} // namespace jails::supervise
