#include "supervise/log_daemon.h"

#include "base/text.h"
#include "sys/call.h"
#include "sys/message.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
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
constexpr size_t kWaiting = 128U << 10U;
constexpr int kWarning = 4;

} // namespace

LogDaemon::LogDaemon(const JailName &name, Jid jid, const LogSpec &spec, EventLoop &loop)
    : from_{.jail = name.str(), .jid = jid, .facility = spec.facility, .tag = spec.tag, .host = {}, .pid = getpid()},
      format_(spec.syslog), rate_(spec.syslog_lines, spec.syslog_bytes), loop_(&loop) {}

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

LogDaemon::Sent LogDaemon::send_bytes(std::string_view bytes) {
  if (::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return Sent::Yes;
  int error = errno;
  if (error == EMSGSIZE && spoken_ == LogFormat::Journal) {
    // What does not fit into a datagram comes as a sealed file (systemd's JOURNAL_NATIVE_PROTOCOL).
    const auto file = sys::sealed_memfd("jail-log", bytes);
    if (!file) return Sent::Later;
    const int fd = file->get();
    const auto sent = sys::send_message(socket_.get(), {}, std::span(&fd, 1));
    if (sent) return Sent::Yes;
    error = sent.error().sys_errno();
  }
  return error == EAGAIN || error == ENOBUFS || error == EMSGSIZE ? Sent::Later : Sent::Gone;
}

void LogDaemon::disconnect() {
  watch(false);
  socket_.reset();
}

void LogDaemon::watch(bool wanted) {
  if (wanted == watched_) return;
  if (wanted && !loop_->add(socket_.get(), EPOLLOUT, [this](uint32_t) { drain(); })) return;
  if (!wanted) loop_->remove(socket_.get());
  watched_ = wanted;
}

// False: there is no room.
bool LogDaemon::keep(std::string_view message) {
  if (!waiting_) {
    auto pages = Pages::map(kWaiting);
    if (!pages) return false;
    waiting_.emplace(std::move(*pages));
  }
  const auto size = static_cast<uint32_t>(message.size());
  if (waiting_end_ + sizeof size + size > waiting_->size()) {
    memmove(waiting_->data(), waiting_->data() + waiting_begin_, waiting_end_ - waiting_begin_);
    waiting_end_ -= std::exchange(waiting_begin_, 0);
  }
  if (waiting_end_ + sizeof size + size > waiting_->size()) return false;
  memcpy(waiting_->data() + waiting_end_, &size, sizeof size);
  memcpy(waiting_->data() + waiting_end_ + sizeof size, message.data(), size);
  waiting_end_ += sizeof size + size;
  if (socket_) watch(true);
  return true;
}

void LogDaemon::drain() {
  while (waiting_begin_ < waiting_end_) {
    uint32_t size = 0;
    memcpy(&size, waiting_->data() + waiting_begin_, sizeof size);
    const Sent sent = send_bytes({waiting_->data() + waiting_begin_ + sizeof size, size});
    if (sent == Sent::Gone) disconnect();
    if (sent != Sent::Yes) return;
    waiting_begin_ += sizeof size + size;
  }
  waiting_begin_ = waiting_end_ = 0;
  if (waiting_) waiting_->give_back();
  watch(false);
}

// In the order in which they came.
void LogDaemon::deliver(std::string_view message) {
  if (waiting_begin_ == waiting_end_) {
    Sent sent = socket_ ? send_bytes(message) : Sent::Gone;
    if (sent == Sent::Gone && socket_) { // the daemon has gone; it may have come again, with another socket
      disconnect();
      retry_ms_ = 0;
      if (connect()) sent = send_bytes(message);
      if (sent == Sent::Gone) disconnect();
    }
    if (sent == Sent::Yes) return;
  }
  if (!keep(message)) lost_++;
}

void LogDaemon::send(log::Stream stream, int level, const timespec &time, std::string_view text) {
  if (!connect() && !was_connected_) return; // a host without one
  for (bool first = true; first || !text.empty(); first = false) {
    const auto piece = text.substr(0, spoken_ == LogFormat::Journal ? log::kMaxLine : log::kMaxSyslogLine);
    text.remove_prefix(piece.size());
    std::string escaped(kMaxEscape * piece.size(), '\0');
    escaped.resize(escape_to(escaped.data(), piece));
    switch (spoken_) {
    case LogFormat::Journal: deliver(journal_message(from_, stream, level, escaped)); break;
    case LogFormat::Rfc5424: deliver(rfc5424_message(from_, stream, level, time, escaped)); break;
    default: deliver(rfc3164_message(from_, stream, level, time, escaped)); break;
    }
  }
}

void LogDaemon::tell_held(const LogRate::Held &held, const timespec &time) {
  send(log::Stream::Jail, kWarning, time,
       fmt::format("{} {} suppressed in {:.1f} s; the jail's own log has {}", held.lines,
                   held.lines == 1 ? "line" : "lines", static_cast<double>(held.ms) / 1000,
                   held.lines == 1 ? "it" : "them"));
}

void LogDaemon::tell(const timespec &time) {
  if (waiting_begin_ == waiting_end_ && lost_ == 0) return;
  if (connect()) drain();
  if (lost_ > 0 && socket_) {
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

void LogDaemon::end(const timespec &time) {
  if (const auto held = rate_.held()) tell_held(*held, time);
  tell(time);
  for (int i = 0; i < 10 && socket_ && waiting_begin_ < waiting_end_; i++) {
    pollfd room{.fd = socket_.get(), .events = POLLOUT, .revents = 0};
    poll(&room, 1, 10);
    drain();
  }
}

void LogDaemon::save(LogState &state) const {
  if (waiting_begin_ < waiting_end_)
    state.waiting.assign(waiting_->data() + waiting_begin_, waiting_end_ - waiting_begin_);
  state.daemon_seen = was_connected_;
  state.daemon_lost = lost_;
  state.daemon_told = told_lost_;
  state.daemon_told_ms = told_lost_ms_;
  state.rate = rate_.save();
}

void LogDaemon::restore(const LogState &state) {
  was_connected_ = state.daemon_seen;
  lost_ = state.daemon_lost;
  told_lost_ = state.daemon_told;
  told_lost_ms_ = state.daemon_told_ms;
  rate_.restore(state.rate);
  for (std::string_view left = state.waiting; !left.empty();) { // each behind its size
    uint32_t size = 0;
    if (left.size() < sizeof size) return;
    memcpy(&size, left.data(), sizeof size);
    left.remove_prefix(sizeof size);
    if (size > left.size()) return;
    if (!keep(left.substr(0, size))) lost_++;
    left.remove_prefix(size);
  }
}

void LogDaemon::advance(const timespec &time, uint64_t monotonic_ms) {
  now_ms_ = monotonic_ms;
  if (const auto held = rate_.advance(monotonic_ms)) tell_held(*held, time);
}

} // namespace jails::supervise
