#include "journal/store.h"

#include "base/text.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::journal {
namespace {

constexpr size_t kMaxFile = 2 * kTurnOverAt;

uint64_t now_ms() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

// Root's alone, or nobody's word. O_NONBLOCK: a FIFO would wait for a writer.
Result<Fd> open_trusted(const std::string &path) {
  Fd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat st{};
  if (!fd || fstat(fd.get(), &st) != 0) return fail_errno(path);
  if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(ErrorKind::Denied, path + ": is not a file that only root can write");
  return fd;
}

Result<std::string> read_trusted(const std::string &path) {
  const auto fd = open_trusted(path);
  if (!fd && fd.error().kind() == ErrorKind::NotFound) return std::string();
  if (!fd) return std::unexpected(fd.error());
  return TRY_IN(path, sys::read_all(fd->get(), kMaxFile));
}

bool same_file(const Fd &fd, const std::string &path) {
  struct stat mine{};
  struct stat there{};
  return fstat(fd.get(), &mine) == 0 && stat(path.c_str(), &there) == 0 && mine.st_ino == there.st_ino &&
         mine.st_dev == there.st_dev;
}

// The file to append to, turned over if it is full. Of several that find it full one renames it; the others see that
// it has another name by now.
Result<Fd> open_to_append(const std::string &path, size_t size, uint64_t turn_over_at) {
  for (int tries = 0;; tries++) {
    Fd fd(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    struct stat st{};
    if (!fd || fstat(fd.get(), &st) != 0) return fail_errno(path);
    if (!S_ISREG(st.st_mode)) return fail(ErrorKind::Denied, path + ": is not a regular file");
    if (static_cast<uint64_t>(st.st_size) + size <= turn_over_at || tries == 8) return fd;
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return fd; // somebody is at it
    if (same_file(fd, path) && rename(path.c_str(), (path + ".1").c_str()) != 0) return fd;
  }
}

void add_events(std::vector<Event> &events, std::string_view text, const std::function<bool(const Event &)> &wanted) {
  for (const auto line : split(text, '\n')) {
    auto event = decode(line);
    if (event && wanted(*event)) events.push_back(std::move(*event));
  }
}

} // namespace

std::string events_file(const Instance &instance) { return instance.log_dir() + "/events"; }
std::string last_file(const Instance &instance, const JailName &name) {
  return instance.log_dir() + "/" + name.str() + ".last";
}

Status append(const Instance &instance, Event event, uint64_t turn_over_at) {
  if (event.time_ms == 0) event.time_ms = now_ms();
  const std::string line = encode(event);
  auto fd = open_to_append(events_file(instance), line.size(), turn_over_at);
  if (!fd && fd.error().kind() == ErrorKind::NotFound) {
    TRY(sys::make_dir(instance.log_dir(), 0700));
    fd = open_to_append(events_file(instance), line.size(), turn_over_at);
  }
  if (!fd) return std::unexpected(std::move(fd).error());
  const ssize_t n = write(fd->get(), line.data(), line.size());
  if (n < 0) return fail_errno(events_file(instance));
  // A part that a full disk let through must not swallow the next line.
  if (static_cast<size_t>(n) != line.size()) {
    (void)!write(fd->get(), "\n", 1);
    return fail(ErrorKind::System, events_file(instance) + ": short write");
  }
  return {};
}

Status append_end(const Instance &instance, Event event) {
  if (event.time_ms == 0) event.time_ms = now_ms();
  const Status appended = append(instance, event);
  TRY(sys::replace_file(last_file(instance, TRY(JailName::parse(event.jail))), encode(event), 0600));
  return appended;
}

Result<std::vector<Event>> read_events(const Instance &instance, const std::function<bool(const Event &)> &wanted) {
  std::vector<Event> events;
  const std::string file = events_file(instance);
  // Opened before the older one is read: a turn meanwhile cannot hide what is in neither.
  const auto now = open_trusted(file);
  if (!now && now.error().kind() != ErrorKind::NotFound) return std::unexpected(now.error());
  add_events(events, TRY(read_trusted(file + ".1")), wanted);
  if (now) {
    struct stat mine{};
    struct stat older{};
    const bool turned = fstat(now->get(), &mine) == 0 && stat((file + ".1").c_str(), &older) == 0 &&
                        mine.st_ino == older.st_ino && mine.st_dev == older.st_dev;
    if (!turned) add_events(events, TRY_IN(file, sys::read_all(now->get(), kMaxFile)), wanted);
    if (turned) add_events(events, TRY(read_trusted(file)), wanted);
  }
  return events;
}

Result<std::optional<Event>> read_last(const Instance &instance, const JailName &name) {
  const std::string path = last_file(instance, name);
  const std::string text = TRY(read_trusted(path));
  if (text.empty()) return std::optional<Event>();
  auto event = decode(trim(text));
  if (!event || event->jail != name.str())
    return fail(ErrorKind::Malformed, path + ": not a record of jail " + name.str());
  return std::optional(std::move(*event));
}

void remove_last(const Instance &instance, const JailName &name) { unlink(last_file(instance, name).c_str()); }

Status move_last(const Instance &instance, const JailName &from, const JailName &to) {
  auto event = TRY(read_last(instance, from));
  if (!event) return {};
  event->jail = to.str();
  TRY(sys::replace_file(last_file(instance, to), encode(*event), 0600));
  remove_last(instance, from);
  return {};
}

Result<Follower> Follower::start(const Instance &instance) {
  Follower follower;
  follower.path_ = events_file(instance);
  TRY(sys::make_dir(instance.log_dir(), 0700));
  follower.watch_ = Fd(inotify_init1(IN_CLOEXEC));
  if (!follower.watch_ || inotify_add_watch(follower.watch_.get(), instance.log_dir().c_str(),
                                            IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM) < 0)
    return fail_errno(instance.log_dir());
  auto file = open_trusted(follower.path_);
  if (!file && file.error().kind() != ErrorKind::NotFound) return std::unexpected(std::move(file).error());
  if (file && lseek(file->get(), 0, SEEK_END) < 0) return fail_errno(follower.path_);
  if (file) follower.file_ = std::move(*file);
  return follower;
}

Status Follower::drain(const std::function<bool(const Event &)> &each, bool &go_on) {
  char buffer[16384];
  while (file_ && go_on) {
    const ssize_t n = read(file_.get(), buffer, sizeof buffer);
    if (n < 0 && errno != EINTR) return fail_errno(path_);
    if (n == 0) break;
    if (n < 0) continue;
    rest_.append(buffer, static_cast<size_t>(n));
    for (size_t end = 0; go_on && (end = rest_.find('\n')) != std::string::npos; rest_.erase(0, end + 1))
      if (const auto event = decode(std::string_view(rest_).substr(0, end))) go_on = each(*event);
    if (rest_.size() > kMaxFile) rest_.clear();
  }
  return {};
}

bool Follower::turned() const { return !file_ ? access(path_.c_str(), F_OK) == 0 : !same_file(file_, path_); }

Status Follower::run(const std::function<bool(const Event &)> &each) {
  alignas(inotify_event) char events[4096];
  bool go_on = true;
  while (true) {
    TRY(drain(each, go_on));
    if (!go_on) return {};
    if (turned() && access(path_.c_str(), F_OK) == 0) {
      TRY(drain(each, go_on)); // the last lines of the old one
      file_ = TRY(open_trusted(path_));
      rest_.clear();
      continue;
    }
    if (read(watch_.get(), events, sizeof events) < 0 && errno != EINTR) return fail_errno("inotify");
  }
}

std::string boot_id() {
  const auto id = sys::read_file("/proc/sys/kernel/random/boot_id", 64);
  return id ? id->substr(0, 8) : "";
}

Requester requester(pid_t pid, uint32_t uid) {
  constexpr size_t kMaxCommand = 120, kMaxLine = 1U << 20U;
  constexpr uint32_t kUnset = UINT32_MAX;
  Requester by{.program = {}, .pid = static_cast<uint32_t>(pid), .uid = uid};
  if (const auto line = sys::read_file(fmt::format("/proc/{}/cmdline", pid), kMaxLine)) {
    std::string text = *line;
    while (!text.empty() && text.back() == '\0') text.pop_back();
    std::ranges::replace(text, '\0', ' ');
    by.program = printable(text.substr(0, kMaxCommand));
    if (text.size() > kMaxCommand) by.program += "...";
  }
  if (by.program.empty())
    if (const auto name = sys::read_file(fmt::format("/proc/{}/comm", pid), 64)) by.program = printable(trim(*name));
  if (by.program.empty()) by.program = "a process that is gone";
  if (const auto login = sys::read_file(fmt::format("/proc/{}/loginuid", pid), 64))
    if (const auto number = parse_int<uint32_t>(trim(*login)); number && *number != kUnset) by.login_uid = number;
  return by;
}

} // namespace jails::journal
