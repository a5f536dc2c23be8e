#include "jailmgr/script.h"

#include "base/text.h"
#include "sys/call.h"
#include "sys/entries.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

constexpr std::string_view kPrefix = ".jailmgr-apply-";

// The directory is the jail's: whatever lies there was put by it, so nothing is followed and nothing waited for.
void remove_stale(int dir) {
  const auto entries = sys::entries_of(dir, ".");
  while (const dirent *entry = entries ? readdir(entries->get()) : nullptr) {
    if (!std::string_view(entry->d_name).starts_with(kPrefix)) continue;
    const Fd file(openat(dir, entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file && flock(file.get(), LOCK_EX | LOCK_NB) == 0) unlinkat(dir, entry->d_name, 0);
  }
}

bool mounted_over(const Spec &spec, std::string_view path) {
  return std::ranges::any_of(spec.binds, [&](const Bind &bind) { return bind.target == path; });
}

Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR) return fail_errno("write the script");
    if (n > 0) text.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

} // namespace

Result<std::string> read_script(std::string_view path) {
  constexpr size_t kMax = 16U << 20U;
  Fd opened;
  if (path.empty() && isatty(STDIN_FILENO) != 0)
    return fail(ErrorKind::Usage, "no script: name a file, give '-', or redirect standard input");
  if (!path.empty() && path != "-") {
    opened = Fd(open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!opened) return fail_errno(fmt::format("script {}", printable(path)));
  }
  const std::string text = TRY_IN("script", sys::read_all(opened ? opened.get() : STDIN_FILENO, kMax));
  if (trim(text).empty()) return fail(ErrorKind::Usage, "the script is empty");
  return text;
}

Result<ScriptFile> ScriptFile::place(const Spec &spec, const Fd &root, std::string_view text) {
  const bool in_tmp = !mounted_over(spec, "/tmp") && faccessat(root.get(), "tmp", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  ScriptFile script;
  // /tmp may be a link that the jail made: not followed.
  auto dir = sys::open_at(root.get(), in_tmp ? "tmp" : ".", O_RDONLY | O_DIRECTORY,
                          RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (!dir) return std::unexpected(std::move(dir).error().context(fmt::format("jail {}", spec.name.str())));
  remove_stale(dir->get());
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) return fail_errno("getrandom");
  script.name_ = fmt::format("{}{:016x}", kPrefix, random);
  script.path_ = (in_tmp ? "/tmp/" : "/") + script.name_;
  const Fd out(openat(dir->get(), script.name_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700));
  if (!out) return fail_errno(script.path_ + " of the jail");
  script.dir_ = std::move(*dir);
  if (fchmod(out.get(), 0700) != 0) return fail_errno(script.path_);
  TRY(write_all(out.get(), text));
  // Locked through a descriptor that cannot write: execve(2) of a file that is open for writing fails with ETXTBSY.
  script.file_ = Fd(openat(script.dir_.get(), script.name_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!script.file_ || flock(script.file_.get(), LOCK_EX | LOCK_NB) != 0) return fail_errno(script.path_);
  return script;
}

ScriptFile::~ScriptFile() {
  if (dir_) unlinkat(dir_.get(), name_.c_str(), 0);
}

} // namespace jailmgr
