#include "supervise/log_daemon.h"

#include "base/text.h"
#include "sys/call.h"
#include "sys/message.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr char kDevLog[] = "/dev/log";
constexpr char kJournal[] = "/run/systemd/journal/socket";
constexpr uint64_t kRetryMs = 5000;
constexpr uint64_t kTellMs = 60000;
constexpr int kWarning = 4;

} // namespace

LogDaemon::LogDaemon(const JailName &name, Jid jid, const LogSpec &spec)
    : from_{.jail = name.str(), .jid = jid, .facility = spec.facility, .tag = spec.tag, .host = {}, .pid = getpid()},
      format_(spec.syslog), rate_(spec.syslog_lines, spec.syslog_bytes) {}

bool LogDaemon::connect_to(const char *path) {
  socket_ = Fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  strncpy(at.sun_path, path, sizeof at.sun_path - 1);
  if (!socket_ || ::connect(socket_.get(), reinterpret_cast<const sockaddr *>(&at), sizeof at) != 0) socket_.reset();
  return socket_.valid();
}

bool LogDaemon::connect() {
  if (socket_) return true;
  if (now_ms_ < retry_ms_) return false;
  retry_ms_ = now_ms_ + kRetryMs;
  spoken_ = format_;
  if (format_ == LogFormat::Auto) spoken_ = connect_to(kJournal) ? LogFormat::Journal : LogFormat::Rfc3164;
  if (!socket_) connect_to(spoken_ == LogFormat::Journal ? kJournal : kDevLog);
  if (!socket_) return false;
  was_connected_ = true;
  utsname host{};
  if (spoken_ == LogFormat::Rfc5424 && uname(&host) == 0) from_.host = host.nodename;
  return true;
}

// True: the daemon has it.
bool LogDaemon::send_bytes(std::string_view bytes) {
  if (::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
  if (errno == EMSGSIZE && spoken_ == LogFormat::Journal) {
    // What does not fit into a datagram comes as a sealed file (systemd's JOURNAL_NATIVE_PROTOCOL).
    const auto file = sys::sealed_memfd("jail-log", bytes);
    const int fd = file ? file->get() : -1;
    return file && sys::send_message(socket_.get(), {}, std::span(&fd, 1)).has_value();
  }
  // Of a daemon that has gone; it may have come again, with another socket.
  if (errno != EAGAIN && errno != ENOBUFS && errno != EMSGSIZE) socket_.reset();
  return false;
}

void LogDaemon::send(log::Stream stream, int level, const timespec &time, std::string_view text) {
  const bool known = socket_.valid();
  if (!connect()) {
    if (was_connected_) lost_++;
    return;
  }
  for (bool first = true; first || !text.empty(); first = false) {
    const auto piece = text.substr(0, spoken_ == LogFormat::Journal ? log::kMaxLine : log::kMaxSyslogLine);
    text.remove_prefix(piece.size());
    std::string escaped(kMaxEscape * piece.size(), '\0');
    escaped.resize(escape_to(escaped.data(), piece));
    const std::string message = spoken_ == LogFormat::Journal   ? journal_message(from_, stream, level, escaped)
                                : spoken_ == LogFormat::Rfc5424 ? rfc5424_message(from_, stream, level, time, escaped)
                                                                : rfc3164_message(from_, stream, level, time, escaped);
    if (send_bytes(message)) continue;
    const bool again = known && !socket_ && (retry_ms_ = 0, connect()) && send_bytes(message);
    if (!again) lost_++;
    if (!socket_) return;
  }
}

void LogDaemon::tell_held(const LogRate::Held &held, const timespec &time) {
  send(log::Stream::Jail, kWarning, time,
       fmt::format("{} {} suppressed in {:.1f} s; the jail's own log has {}", held.lines,
                   held.lines == 1 ? "line" : "lines", static_cast<double>(held.ms) / 1000,
                   held.lines == 1 ? "it" : "them"));
}

void LogDaemon::tell(const timespec &time, bool at_end) {
  if (const auto held = at_end ? rate_.held() : std::nullopt) tell_held(*held, time);
  if (lost_ > 0 && connect()) {
    const uint64_t lost = std::exchange(lost_, 0);
    const uint64_t told = std::exchange(told_lost_, 0);
    send(log::Stream::Jail, kWarning, time,
         fmt::format("{} records were lost before this one: the log was not ready", lost));
    if (lost_ != 0) lost_ = lost, told_lost_ = told; // this one, too
  }
  if (lost_ > told_lost_ && (told_lost_ms_ == 0 || now_ms_ - told_lost_ms_ >= kTellMs)) {
    news_ = fmt::format("the host's log does not take records, {} are lost to it", lost_);
    told_lost_ = lost_;
    told_lost_ms_ = now_ms_;
  }
}

void LogDaemon::advance(const timespec &time, uint64_t monotonic_ms) {
  now_ms_ = monotonic_ms;
  if (const auto held = rate_.advance(monotonic_ms)) tell_held(*held, time);
}

} // namespace jails::supervise
