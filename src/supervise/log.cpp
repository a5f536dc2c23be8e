#include "supervise/log.h"

#include "base/text.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr uint64_t kRotateAt = 8U << 20U;

// "2026-11-22T12:00:00.123Z"
std::string timestamp() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000);
}

// RFC 3164, section 4.1.2: local time, English month.
std::string syslog_timestamp() {
  constexpr const char *kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t now = time(nullptr);
  tm local{};
  localtime_r(&now, &local);
  return fmt::format("{} {:2} {:02}:{:02}:{:02}", kMonths[local.tm_mon], local.tm_mday, local.tm_hour, local.tm_min,
                     local.tm_sec);
}

int64_t monotonic_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

// Never blocks: a syslogd that stalls must not stall the jail.
Fd connect_syslog() {
  Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  strncpy(at.sun_path, "/dev/log", sizeof at.sun_path - 1);
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr *>(&at), sizeof at) != 0) fd.reset();
  return fd;
}

} // namespace

Result<Log> Log::open(const JailName &name, Jid jid, const LogSpec &spec, std::string file) {
  Log log;
  log.prefix_ = fmt::format("jail={} jid={} ", name.str(), jid);
  log.spec_ = spec;
  log.path_ = std::move(file);
  TRY(log.reopen());
  return log;
}

Status Log::reopen() {
  file_ = Fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600));
  struct stat st{};
  if (!file_ || fstat(file_.get(), &st) != 0) return fail_errno("log file " + path_);
  if (!S_ISREG(st.st_mode)) return fail(ErrorKind::Usage, "log file " + path_ + ": not a regular file");
  size_ = static_cast<uint64_t>(st.st_size);
  return {};
}

void Log::write(std::string_view stream, std::string_view line, int level) {
  const std::string shown = printable(line);
  to_syslog(fmt::format("{}{}{}", prefix_, stream, shown), level);
  const std::string record = fmt::format("{} {}{}\n", timestamp(), stream, shown);
  if (size_ + record.size() > kRotateAt) {
    (void)rename(path_.c_str(), (path_ + ".1").c_str());
    (void)reopen(); // failing, the old file goes on being written: a log too long is better than none
  }
  // A full disk loses the record from the file; the jail goes on, and syslog has it.
  const ssize_t n = ::write(file_.get(), record.data(), record.size());
  if (n > 0) size_ += static_cast<uint64_t>(n);
}

void Log::to_syslog(std::string_view message, int level) {
  if (!syslog_) {
    if (monotonic_seconds() < syslog_retry_) return;
    syslog_ = connect_syslog();
    syslog_retry_ = monotonic_seconds() + 5;
    if (!syslog_) return;
  }
  const std::string record =
      fmt::format("<{}>{} {}[{}]: {}", spec_.facility * 8 + level, syslog_timestamp(), spec_.tag, getpid(), message);
  if (send(syslog_.get(), record.data(), record.size(), MSG_NOSIGNAL) >= 0 || errno == EAGAIN || errno == ENOBUFS)
    return;
  // The daemon was restarted: its socket is a new one.
  syslog_ = connect_syslog();
  if (syslog_) (void)!send(syslog_.get(), record.data(), record.size(), MSG_NOSIGNAL);
}

} // namespace jails::supervise
