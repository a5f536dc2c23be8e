#include "jailmgr/verb.h"

#include "base/fd.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "jailmgr/store.h"
#include "sys/file.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

constexpr size_t kMaxLog = 64U << 20U; // the supervisor turns the file over at 8 MiB

Status print_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno != EINTR) return fail_errno("standard output");
    if (n > 0) text.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Fd open_log(const std::string &path) { return Fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)); }

Result<std::string> content(const std::string &path) {
  const Fd fd = open_log(path);
  if (!fd && errno == ENOENT) return std::string();
  if (!fd) return fail_errno(path);
  return TRY_IN(path, sys::read_all(fd.get(), kMaxLog));
}

std::string_view last_lines(std::string_view text, size_t count) {
  size_t at = text.size();
  if (at > 0 && text[at - 1] == '\n') at--;
  while (count > 0 && at != std::string_view::npos && at > 0) {
    at = text.rfind('\n', at - 1);
    count--;
  }
  if (count > 0 || at == std::string_view::npos || at == 0) return text;
  return text.substr(at + 1);
}

// Prints what is appended to the log, through the turn to a new file.
class Follower {
public:
  static Result<Follower> start(const std::string &directory, std::string path) {
    Follower follower;
    follower.path_ = std::move(path);
    follower.watch_ = Fd(inotify_init1(IN_CLOEXEC));
    // Before the first read, so that nothing is missed between the two.
    if (!follower.watch_ || inotify_add_watch(follower.watch_.get(), directory.c_str(),
                                              IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE) < 0)
      return fail_errno(directory);
    follower.file_ = open_log(follower.path_);
    return follower;
  }

  // Skips what `seen` bytes of the file have shown already.
  Status run(uint64_t seen) {
    if (file_) lseek(file_.get(), static_cast<off_t>(seen), SEEK_SET);
    char events[4096];
    while (true) {
      TRY(drain());
      if (turned()) {
        TRY(drain()); // the last lines of the old one
        file_ = open_log(path_);
        continue;
      }
      if (read(watch_.get(), events, sizeof events) < 0 && errno != EINTR) return fail_errno("inotify");
    }
  }

private:
  Follower() = default;

  Status drain() {
    char buffer[65536];
    while (file_) {
      const ssize_t n = read(file_.get(), buffer, sizeof buffer);
      if (n < 0 && errno != EINTR) return fail_errno(path_);
      if (n == 0) break;
      if (n > 0) TRY(print_all({buffer, static_cast<size_t>(n)}));
    }
    return {};
  }

  [[nodiscard]] bool turned() const {
    struct stat there{};
    struct stat mine{};
    if (stat(path_.c_str(), &there) != 0) return false;
    return !file_ || fstat(file_.get(), &mine) != 0 || mine.st_ino != there.st_ino;
  }

  std::string path_;
  Fd watch_, file_;
};

} // namespace

Result<int> logs(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr logs [-f] [-n lines] [--previous] name";
  bool follow = false;
  bool previous = false;
  size_t lines = 100;
  std::vector<Option> options;
  options.push_back({'f', "follow", nullptr, "go on with what is written from now on", set_flag(follow), true});
  options.push_back({'n', "lines", "N", "the last N lines (default 100)",
                     [&](std::string_view text) -> Status {
                       const auto value = parse_int<size_t>(text);
                       if (!value)
                         return fail(ErrorKind::Usage, fmt::format("{} is not a number of lines", in_quotes(text)));
                       lines = *value;
                       return {};
                     },
                     true});
  options.push_back({0, "previous", nullptr, "only the file before the present one", set_flag(previous), true});
  const auto parsed =
      TRY(parse(call, kUsage, "What a jail's command wrote, and what became of it, with times.", std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  if (follow && previous) return fail(ErrorKind::Usage, "give -f or --previous, not both");
  const auto name = TRY(JailName::parse(parsed.operands[0]));
  TRY(need_root(call));
  const std::string file = call.instance.log_file(name);
  const bool logged = access(file.c_str(), F_OK) == 0;
  if (!logged) TRY(TRY(Store::open(call.instance)).require(name)); // jails that only jailctl knows have logs as well
  std::string text = TRY(content(file + ".1"));
  uint64_t seen = 0;
  if (!previous) {
    if (follow) TRY(sys::make_dir(call.instance.log_dir(), 0700));
    auto follower = follow ? std::optional(TRY(Follower::start(call.instance.log_dir(), file))) : std::nullopt;
    const std::string now = TRY(content(file));
    seen = now.size();
    text += now;
    TRY(print_all(last_lines(text, lines)));
    if (follower) TRY(follower->run(seen));
    return 0;
  }
  TRY(print_all(last_lines(text, lines)));
  return 0;
}

} // namespace jailmgr
