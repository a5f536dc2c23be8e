#include "verify/probe.h"

#include "jail/control.h"
#include "sys/call.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The probe, as bytes (verify/probe/CMakeLists.txt).
extern "C" const char jails_verify_probe_begin[], jails_verify_probe_end[];

namespace jails::verify {
namespace {

constexpr int kAnswerMs = 3000; // it answers within a millisecond, or was stopped

Result<Fd> program() {
  return sys::sealed_memfd("jail-verify", {jails_verify_probe_begin,
                                           static_cast<size_t>(jails_verify_probe_end - jails_verify_probe_begin)});
}

[[noreturn]] void become_probe(int program, int in, int out, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  setsid();
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (dup2(in, 0) != 0 || dup2(out, 1) != 1 || dup2(null, 2) != 2) _exit(1);
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) _exit(1); // what we were given is not for it
  char name[] = "jail-verify";
  char *const argv[] = {name, nullptr};
  char *const envp[] = {nullptr};
  syscall(SYS_execveat, program, "", argv, envp, AT_EMPTY_PATH);
  _exit(1);
}

} // namespace

Probe::Probe(Fd to, Fd from)
    : to_(std::move(to)), from_(std::move(from)), order_(std::make_unique<Order>()),
      answer_(std::make_unique<ProbeAnswer>()) {}

Probe::Probe(Probe &&other) noexcept
    : connection_(std::move(other.connection_)), to_(std::move(other.to_)), from_(std::move(other.from_)),
      child_(std::exchange(other.child_, 0)), pid_(other.pid_), base_(other.base_), used_(other.used_),
      lost_(other.lost_), serial_(other.serial_), order_(std::move(other.order_)), answer_(std::move(other.answer_)) {}

Result<Probe> Probe::inside(const Instance &instance, const JailName &jail, uint32_t uid) {
  auto connection = TRY(connect_supervisor(instance, jail));
  auto orders = TRY(sys::make_pipe());
  auto answers = TRY(sys::make_pipe());
  const Fd memfd = TRY(program());
  const std::array<int, 3> fds{memfd.get(), orders.read.get(), answers.write.get()};
  TRY(send_request(connection, {.type = supervise::RequestType::Probe, .exec = {}, .probe = {uid}}, fds));
  Probe probe(std::move(orders.write), std::move(answers.read));
  probe.connection_ = std::move(connection);
  orders.read.reset();
  answers.write.reset();
  const auto greeted = probe.greet();
  if (greeted) return probe;
  // Why it could not be started is what the supervisor says.
  pollfd ready{.fd = probe.connection_.get(), .events = POLLIN, .revents = 0};
  if (poll(&ready, 1, 1000) == 1) {
    const auto answer = receive_reply(probe.connection_);
    if (answer && !answer->reply.text.empty())
      return fail(answer->reply.type == supervise::ReplyType::Failed ? static_cast<ErrorKind>(answer->reply.kind)
                                                                     : ErrorKind::System,
                  fmt::format("a scratch process in jail {}: {}", jail.str(), answer->reply.text));
  }
  return std::unexpected(greeted.error());
}

Result<Probe> Probe::outside() {
  auto orders = TRY(sys::make_pipe());
  auto answers = TRY(sys::make_pipe());
  const Fd memfd = TRY(program());
  const pid_t parent = getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) become_probe(memfd.get(), orders.read.get(), answers.write.get(), parent);
  Probe probe(std::move(orders.write), std::move(answers.read));
  probe.child_ = pid;
  orders.read.reset();
  answers.write.reset();
  TRY_IN("outside the jail", probe.greet());
  return probe;
}

Probe::~Probe() {
  if (connection_) // it may have been stopped, and then would not see the end of its input
    (void)send_request(connection_, {.type = supervise::RequestType::Signal, .exec = {}, .signal = SIGKILL});
  if (connection_) { // wait until nothing of it is left
    pollfd ready{.fd = connection_.get(), .events = POLLIN, .revents = 0};
    (void)poll(&ready, 1, kAnswerMs);
  }
  to_.reset();
  if (child_ <= 0) return;
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

Status Probe::greet() {
  if (!exchange(ProbeOp::Hello)) return fail(ErrorKind::System, "the probe does not answer");
  base_ = static_cast<uint64_t>(answer_->result);
  pid_ = static_cast<pid_t>(call(SYS_getpid));
  return {};
}

bool Probe::exchange(ProbeOp op) {
  used_ = 0;
  if (lost_) return false;
  order_->op = op;
  order_->serial = ++serial_;
  const ssize_t n = write(to_.get(), order_.get(), sizeof *order_);
  memset(order_->data, 0, sizeof order_->data);
  lost_ = n != static_cast<ssize_t>(sizeof *order_) || !receive() || answer_->serial != serial_;
  return !lost_;
}

// Bytes that do not come from the probe, or too few, make it lost.
bool Probe::receive() {
  size_t got = 0;
  while (got < sizeof *answer_) {
    pollfd ready{.fd = from_.get(), .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, kAnswerMs) != 1) return false;
    const ssize_t n = ::read(from_.get(), reinterpret_cast<char *>(answer_.get()) + got, sizeof *answer_ - got);
    if (n <= 0) return false;
    got += static_cast<size_t>(n);
  }
  return true;
}

long Probe::call(long number, std::initializer_list<Argument> arguments) {
  uint64_t all[6] = {};
  size_t count = 0;
  for (const auto &argument : arguments) all[count++] = argument.value;
  return call_words(number, all);
}

long Probe::call_words(long number, const uint64_t (&arguments)[6]) {
  order_->number = static_cast<uint32_t>(number);
  std::ranges::copy(arguments, order_->arguments);
  return exchange(ProbeOp::Call) ? static_cast<long>(answer_->result) : kLost;
}

uint64_t Probe::space(size_t size) {
  const size_t offset = used_;
  used_ += (size + 15) & ~size_t{15};
  if (used_ > kProbeData) { // a mistake of a check, never of the jail
    lost_ = true;
    used_ = 0;
    return base_;
  }
  return base_ + offset;
}

uint64_t Probe::bytes(const void *from, size_t size) {
  const uint64_t address = space(size);
  if (!lost_) memcpy(order_->data + (address - base_), from, size);
  return address;
}

uint64_t Probe::text(std::string_view text) {
  const uint64_t address = space(text.size() + 1);
  if (!lost_) memcpy(order_->data + (address - base_), text.data(), text.size());
  return address;
}

std::vector<std::string> Probe::list(std::string_view directory) {
  constexpr size_t kRoom = 2048;
  constexpr int kMaxReads = 512;           // a jail could show a directory without end
  constexpr long kLength = 16, kName = 19; // in struct linux_dirent64
  std::vector<std::string> names;
  const uint64_t path = text(directory);
  const long dir = call(SYS_openat, {AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC});
  for (int reads = 0; dir >= 0 && reads < kMaxReads; reads++) {
    const uint64_t entries = space(kRoom);
    const long size = call(SYS_getdents64, {dir, entries, kRoom});
    if (size <= 0 || size > static_cast<long>(kRoom)) break;
    for (long offset = 0; offset + kName < size;) {
      uint16_t length = 0;
      memcpy(&length, at(entries) + offset + kLength, sizeof length);
      if (length <= kName || offset + length > size) break;
      const char *name = at(entries) + offset + kName;
      names.emplace_back(name, strnlen(name, static_cast<size_t>(length) - kName));
      offset += length;
    }
  }
  if (dir >= 0) call(SYS_close, {dir});
  return names;
}

bool Probe::fork() { return exchange(ProbeOp::Fork) && answer_->result == 0; }

void Probe::leave() {
  if (lost_) return;
  order_->op = ProbeOp::Leave;
  order_->serial = ++serial_;
  lost_ = write(to_.get(), order_.get(), sizeof *order_) != static_cast<ssize_t>(sizeof *order_) || !receive() ||
          answer_->serial != 0;
}

} // namespace jails::verify
