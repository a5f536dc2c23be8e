#include "verify/decoy.h"

#include "base/text.h"
#include "jail/transient.h"
#include "supervise/handover.h"
#include "sys/call.h"
#include "sys/file.h"
#include "verify/canary.h"

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::verify {
namespace {

constexpr std::string_view kPrefix = "verify-";

// The root is in the directory of the jail's own state, and goes away with that.
Status serve(const Instance &instance, const Spec &spec, int report) {
  TRY(sys::make_dir(instance.jail_run_dir(spec.name), 0700));
  TRY(sys::make_dir(spec.root, 0755));
  return transient_jail(instance, spec, [&](supervise::Supervisor &supervisor, const auto &unlock) {
    unlock();
    supervise::report_result(report, {});
    return supervisor.serve();
  });
}

// A child that is the decoy's supervisor. SIGTERM, which comes when its parent ends, makes it take the jail down; until
// there is one that listens for it, it waits.
[[noreturn]] void be_supervisor(const Instance &instance, const Spec &spec, int report, pid_t parent) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);
  setsid();
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = 0; fd < 3; fd++) dup2(null.get(), fd);
  const auto status = serve(instance, spec, report);
  if (!status) supervise::report_result(report, status);
  _exit(status ? 0 : 1);
}

bool port_is_free(int type, uint16_t &port) {
  const Fd fd(socket(AF_INET6, type | SOCK_CLOEXEC, 0));
  const bool has_v6 = fd.valid();
  const Fd v4(has_v6 ? -1 : socket(AF_INET, type | SOCK_CLOEXEC, 0));
  sockaddr_in6 at6{};
  at6.sin6_family = AF_INET6;
  at6.sin6_port = htons(port);
  sockaddr_in at4{};
  at4.sin_family = AF_INET;
  at4.sin_port = htons(port);
  const int one = has_v6 ? fd.get() : v4.get();
  const auto *address = has_v6 ? reinterpret_cast<const sockaddr *>(&at6) : reinterpret_cast<const sockaddr *>(&at4);
  socklen_t size = has_v6 ? sizeof at6 : sizeof at4;
  if (bind(one, address, size) != 0) return false;
  sockaddr_in6 got{};
  size = sizeof got;
  if (getsockname(one, reinterpret_cast<sockaddr *>(&got), &size) != 0) return false;
  port = ntohs(got.sin6_port); // at the same place in both families
  return true;
}

} // namespace

uint16_t free_port(uint16_t from) {
  for (int tries = 0; tries < 512; tries++) {
    auto port = static_cast<uint16_t>(from == 0 ? 0 : from - tries);
    if (from != 0 && port == 0) return 0;
    if (port_is_free(SOCK_STREAM, port) && port_is_free(SOCK_DGRAM, port)) return port;
  }
  return 0;
}

void clear_decoys(const Instance &instance) {
  const std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir(instance.run_dir().c_str()), closedir);
  std::vector<std::string> found;
  while (dir != nullptr) {
    const dirent *entry = readdir(dir.get());
    if (entry == nullptr) break;
    std::string_view name = entry->d_name;
    if (name.ends_with(".lock")) name.remove_suffix(5);
    if (!name.starts_with(kPrefix)) continue;
    const auto pid = parse_int<pid_t>(name.substr(kPrefix.size()));
    // Of our own number: we have none yet.
    if (pid && (*pid == getpid() || (kill(*pid, 0) != 0 && errno == ESRCH))) found.emplace_back(name);
  }
  for (const auto &text : found) {
    const auto name = JailName::parse(text);
    const auto lock = name ? NameLock::acquire(instance, *name) : std::unexpected(name.error());
    // A jail with a specification is somebody's who likes such names.
    if (!lock || is_running(instance, *name) || access((instance.jail_run_dir(*name) + "/spec").c_str(), F_OK) == 0)
      continue;
    const auto row = find_jail(instance, text);
    if (row) {
      if (recover_jail(instance, *row, *lock)) (void)unregister_jail(instance, *row, *lock);
    } else if (dir != nullptr) {
      (void)sys::remove_tree(dirfd(dir.get()), text);
    }
  }
}

Result<Decoy> Decoy::start(const Instance &instance, Profile profile) {
  const auto name = TRY(JailName::parse(fmt::format("{}{}", kPrefix, getpid())));
  Decoy decoy;
  Status started;
  for (int tries = 0; tries < 5; tries++) { // somebody may take the port first
    Spec spec = default_spec(name, instance.jail_run_dir(name) + "/root");
    spec.profile = profile;
    decoy.port_ = free_port(0);
    if (decoy.port_ != 0) spec.ports.push_back({.port = decoy.port_});
    started = decoy.start_supervisor(instance, spec);
    if (started || started.error().kind() != ErrorKind::Exists) break;
  }
  TRY(started);
  TRY(decoy.populate(instance, name));
  return decoy;
}

Status Decoy::start_supervisor(const Instance &instance, const Spec &spec) {
  auto report = TRY(sys::seqpacket_pair());
  const pid_t parent = getpid();
  supervisor_ = fork();
  if (supervisor_ < 0) return fail_errno("fork");
  if (supervisor_ == 0) {
    report.first.reset();
    be_supervisor(instance, spec, report.second.get(), parent);
  }
  report.second.reset();
  auto status = supervise::await_result(report.first.get());
  if (!status) {
    waitpid(supervisor_, nullptr, 0);
    supervisor_ = 0;
  }
  return status;
}

// A process of each identity that keeps what signals it gets, and sockets.
Status Decoy::populate(const Instance &instance, const JailName &name) {
  root_.emplace(TRY(Probe::inside(instance, name, 0)));
  user_.emplace(TRY(Probe::inside(instance, name, kUser)));
  for (auto *probe : {&*root_, &*user_}) {
    const uint64_t all = probe->object(~uint64_t{0});
    if (probe->call(SYS_rt_sigprocmask, {SIG_BLOCK, all, 0, sizeof(uint64_t)}) != 0)
      return fail(ErrorKind::System, "a process of the decoy jail does not answer");
  }
  // Under names that the kernel picks (unix(7), Autobind): with BPF LSM medium and high may not choose one.
  for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
    const long fd = root_->call(SYS_socket, {AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0});
    const uint64_t family = root_->object(sa_family_t{AF_UNIX});
    if (root_->call(SYS_bind, {fd, family, sizeof(sa_family_t)}) != 0 ||
        (type != SOCK_DGRAM && root_->call(SYS_listen, {fd, 16}) != 0))
      return fail(ErrorKind::System, "abstract sockets of the decoy jail");
    const uint64_t address = root_->space(sizeof(sockaddr_un));
    const uint64_t size = root_->object(socklen_t{sizeof(sockaddr_un)});
    if (root_->call(SYS_getsockname, {fd, address, size}) != 0)
      return fail(ErrorKind::System, "abstract sockets of the decoy jail");
    const auto got = root_->read<sockaddr_un>(address);
    const size_t end = std::min<size_t>(root_->read<socklen_t>(size), sizeof got);
    constexpr size_t kName = offsetof(sockaddr_un, sun_path) + 1;
    names_.emplace_back(got.sun_path + 1, end > kName ? end - kName : 0);
    sockets_.push_back(fd);
  }
  return {};
}

std::vector<Target> Decoy::processes() const {
  return {{"a decoy process of root", root_->pid(), 0}, {"a decoy process of uid 1000", user_->pid(), 0}};
}

size_t Decoy::arrived() {
  size_t count = 0;
  for (const long socket : sockets_) {
    long fd = root_->call(SYS_accept4, {socket, 0, 0, 0});
    for (; fd >= 0; fd = root_->call(SYS_accept4, {socket, 0, 0, 0})) {
      root_->call(SYS_close, {fd});
      count++;
    }
    const uint64_t byte = root_->space(1);
    if (fd == -EOPNOTSUPP && root_->call(SYS_recvfrom, {socket, byte, 1, 0, 0, 0}) >= 0) count++;
  }
  return count;
}

Decoy::Decoy(Decoy &&other) noexcept
    : supervisor_(std::exchange(other.supervisor_, 0)), port_(other.port_), root_(std::move(other.root_)),
      user_(std::move(other.user_)), names_(std::move(other.names_)), sockets_(std::move(other.sockets_)) {
  other.root_.reset();
  other.user_.reset();
}

Decoy::~Decoy() {
  root_.reset();
  user_.reset();
  if (supervisor_ > 0) {
    kill(supervisor_, SIGTERM);
    waitpid(supervisor_, nullptr, 0);
  }
}

} // namespace jails::verify
