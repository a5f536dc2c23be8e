#include "jail/streams.h"

#include "sys/call.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace jails {
namespace {

using anchor::Stdio;

constexpr long kPipeFs = 0x50495045; // PIPEFS_MAGIC
constexpr size_t kChunk = 65536;
using Chunk = std::array<char, kChunk>; // on the stack, not initialised: only what is read into it costs pages

// Writes it all, waiting where the other side is slow. False: the other side is gone.
bool write_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, bytes, size);
    if (n >= 0) {
      bytes += n;
      size -= static_cast<size_t>(n);
    } else if (errno == EAGAIN) {
      pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

} // namespace

Result<Streams> Streams::of_this_process(Pipes pipes) {
  Streams streams;
  streams.brought_ = pipes == Pipes::Brought;
  for (int slot = 0; slot < 3; slot++) TRY(streams.prepare(slot));
  return streams;
}

Status Streams::prepare(int slot) {
  const auto index = static_cast<size_t>(slot);
  struct stat st{};
  if (fstat(slot, &st) != 0) return {}; // closed: null
  if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) return {};
  if (isatty(slot) != 0) {
    stdio_[index] = Stdio::Terminal;
    if (slot == 0) terminal_ = 0;
    if (slot != 0 && terminal_out_ < 0) terminal_out_ = slot;
    return {};
  }
  stdio_[index] = Stdio::Descriptor;
  struct statfs fs{};
  if (!brought_ && S_ISFIFO(st.st_mode) && fstatfs(slot, &fs) == 0 && fs.f_type == kPipeFs) {
    descriptors_.push_back(slot);
    return {};
  }
  if (S_ISDIR(st.st_mode)) return fail(ErrorKind::Usage, "a standard stream is a directory");
  auto carrier = std::make_unique<Carrier>();
  carrier->slot = slot;
  if (brought_) {
    carriers_.push_back(std::move(carrier));
    return {};
  }
  auto pipe = TRY(sys::make_pipe());
  carrier->jail_end = slot == 0 ? std::move(pipe.read) : std::move(pipe.write);
  carrier->our_end = slot == 0 ? std::move(pipe.write) : std::move(pipe.read);
  descriptors_.push_back(carrier->jail_end.get());
  carriers_.push_back(std::move(carrier));
  return {};
}

Status Streams::take(std::vector<Fd> ends) {
  if (ends.size() != carriers_.size()) return fail(ErrorKind::Malformed, "pipes for other streams than ours");
  for (size_t i = 0; i < ends.size(); i++) carriers_[i]->our_end = std::move(ends[i]);
  return {};
}

bool Streams::has_terminal() const { return std::ranges::find(stdio_, Stdio::Terminal) != stdio_.end(); }

std::pair<uint32_t, uint32_t> Streams::window() const {
  winsize size{};
  const int fd = terminal_ >= 0 ? terminal_ : terminal_out_;
  if (fd < 0 || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return {24, 80};
  return {size.ws_row, size.ws_col};
}

void Streams::window_changed() {
  winsize size{};
  if (master_ && ioctl(terminal_ >= 0 ? terminal_ : terminal_out_, TIOCGWINSZ, &size) == 0)
    ioctl(master_.get(), TIOCSWINSZ, &size);
}

Status Streams::attach(supervise::EventLoop &loop, Fd master) {
  loop_ = &loop;
  master_ = std::move(master);
  for (auto &carrier : carriers_) {
    carrier->jail_end.reset();
    if (carrier->slot == 0) {
      TRY(start_input(std::move(carrier->our_end)));
      continue;
    }
    if (fcntl(carrier->our_end.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("pipe");
    TRY(loop.add(carrier->our_end.get(), EPOLLIN, [this, raw = carrier.get()](uint32_t) { carry(*raw); }));
  }
  if (!master_) return {};
  if (fcntl(master_.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("pty");
  TRY(loop.add(master_.get(), EPOLLIN, [this](uint32_t) { from_master(); }));
  termios now{};
  if (terminal_ < 0) { // ours goes on making CR LF of each LF; twice would be once too often
    if (tcgetattr(master_.get(), &now) == 0) {
      now.c_oflag &= ~static_cast<tcflag_t>(OPOST);
      tcsetattr(master_.get(), TCSANOW, &now);
    }
    return {};
  }
  if (tcgetattr(terminal_, &now) == 0) {
    saved_ = now;
    cfmakeraw(&now);
    tcsetattr(terminal_, TCSADRAIN, &now);
  }
  // Another number for the same pty: epoll takes each but once.
  Fd to(fcntl(master_.get(), F_DUPFD_CLOEXEC, 3));
  if (!to) return fail_errno("pty");
  return start_input(std::move(to));
}

void Streams::carry(Carrier &carrier) {
  Chunk buffer;
  while (!carrier.done) {
    const ssize_t n = read(carrier.our_end.get(), buffer.data(), buffer.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0 && write_all(carrier.slot, buffer.data(), static_cast<size_t>(n))) continue;
    carrier.done = true;
    loop_->remove(carrier.our_end.get());
    carrier.our_end.reset();
  }
}

Status Streams::start_input(Fd to) {
  const int flags = fcntl(to.get(), F_GETFL);
  if (flags < 0 || fcntl(to.get(), F_SETFL, flags | O_NONBLOCK) != 0) return fail_errno("standard input");
  input_.emplace(Input{.to = std::move(to)});
  Status added = loop_->add(0, EPOLLIN, [this](uint32_t) { pump_input(); });
  if (added || added.error().sys_errno() != EPERM) return added;
  input_->polled = false;
  input_->waiting = true;
  return loop_->add(input_->to.get(), EPOLLOUT, [this](uint32_t) { pump_input(); });
}

// One piece: what is left shows in the next round.
void Streams::pump_input() {
  auto &[to, polled, waiting, pending] = *input_;
  if (pending.empty()) {
    pending.resize(kChunk);
    const ssize_t n = read(0, pending.data(), pending.size());
    const bool later = n < 0 && (errno == EAGAIN || errno == EINTR);
    pending.resize(n > 0 ? static_cast<size_t>(n) : 0);
    if (later) return;
    if (n <= 0) return end_input();
  }
  const ssize_t n = write(to.get(), pending.data(), pending.size());
  if (n < 0 && errno != EAGAIN && errno != EINTR) return end_input();
  if (n > 0) pending.erase(0, static_cast<size_t>(n));
  if (polled && !wait_for_room(!pending.empty())) end_input();
}

Status Streams::wait_for_room(bool room) {
  if (input_->waiting == room) return {};
  input_->waiting = room;
  loop_->remove(room ? 0 : input_->to.get());
  return loop_->add(room ? input_->to.get() : 0, room ? EPOLLOUT : EPOLLIN, [this](uint32_t) { pump_input(); });
}

void Streams::end_input() {
  loop_->remove(0);
  loop_->remove(input_->to.get());
  input_.reset();
}

void Streams::from_master() {
  Chunk buffer;
  const ssize_t n = read(master_.get(), buffer.data(), buffer.size());
  if (n > 0) {
    write_all(terminal_out_ >= 0 ? terminal_out_ : 1, buffer.data(), static_cast<size_t>(n));
  } else if (n == 0 || errno != EAGAIN) {
    loop_->remove(master_.get()); // EIO: the last slave is closed; the end of the command comes by itself
  }
}

void Streams::finish() {
  for (auto &carrier : carriers_)
    if (carrier->slot != 0) carry(*carrier);
  if (master_) {
    Chunk buffer;
    for (ssize_t n = 0; (n = read(master_.get(), buffer.data(), buffer.size())) > 0;)
      write_all(terminal_out_ >= 0 ? terminal_out_ : 1, buffer.data(), static_cast<size_t>(n));
  }
  restore_terminal();
}

void Streams::restore_terminal() {
  if (saved_) tcsetattr(terminal_, TCSADRAIN, &*saved_);
  saved_.reset();
}

} // namespace jails
