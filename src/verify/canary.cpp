#include "verify/canary.h"

#include "base/text.h"
#include "sys/file.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fmt/format.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::verify {

constexpr uint64_t kWord = 0x6a61696c63616e61;

struct Canary::Page {
  volatile uint64_t word;
  volatile uint32_t ready;
};

namespace {

constexpr size_t kPageSize = 4096;

// Whatever uid it has, a process of the same uid may touch it as it may any other.
void wait_for_ever(uint32_t uid, pid_t parent) {
  setsid();
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  if (setgroups(0, nullptr) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0) _exit(1);
  prctl(PR_SET_DUMPABLE, 1); // a change of uid took it away
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "jail-canary");
  if (getppid() != parent) _exit(1);
  close_range(0, ~0U, 0);
}

std::string word_at(std::string_view line, size_t index) {
  const auto words = split(line, ' ');
  return index < words.size() ? std::string(words[index]) : std::string();
}

} // namespace

ProcessState state_of(pid_t pid) {
  ProcessState state;
  const std::string proc = fmt::format("/proc/{}", pid);
  const auto status = sys::read_file(proc + "/status", 65536);
  const auto stat = sys::read_file(proc + "/stat", 65536);
  const auto limits = sys::read_file(proc + "/limits", 65536);
  if (!status || !stat || !limits) return {{"life", "ended"}};
  for (const auto line : split(*status, '\n')) {
    const auto colon = line.find(':');
    if (colon == line.npos) continue;
    const auto key = line.substr(0, colon);
    const std::string value(trim(line.substr(colon + 1)));
    if (key == "State")
      state["life"] = value.starts_with('Z') || value.starts_with('X')   ? "ended"
                      : value.starts_with('T') || value.starts_with('t') ? "stopped"
                                                                         : "waits";
    else if (key == "TracerPid")
      state["tracer"] = value;
    else if (key == "SigPnd" || key == "ShdPnd")
      state["pending signals"] += value;
    else if (key == "Cpus_allowed" || key == "Mems_allowed")
      state["affinity"] += value;
  }
  // Behind the name, which may have blanks: field 3 is the first.
  const auto fields = std::string_view(*stat).substr(std::min(stat->size(), stat->rfind(')') + 2));
  state["process group"] = word_at(fields, 2) + " " + word_at(fields, 3);
  state["nice"] = word_at(fields, 16);
  state["scheduling"] = word_at(fields, 37) + " " + word_at(fields, 38);
  state["limits"] = *limits;
  state["I/O priority"] = std::to_string(syscall(SYS_ioprio_get, 1, pid));
  return state;
}

std::string differences(const ProcessState &before, const ProcessState &after) {
  if (after.at("life") == "ended") return before.at("life") == "ended" ? "" : "life";
  std::string changed;
  for (const auto &[what, value] : after) {
    const auto old = before.find(what);
    if (old == before.end() || old->second != value) changed += (changed.empty() ? "" : ", ") + what;
  }
  return changed;
}

Result<Canary> Canary::start(uint32_t uid) {
  void *memory = mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail_errno("mmap");
  auto *page = static_cast<Page *>(memory);
  page->word = kWord;
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    munmap(memory, kPageSize);
    return fail_errno("fork");
  }
  if (pid == 0) {
    wait_for_ever(uid, parent);
    page->ready = 1;
    while (true) pause();
  }
  Canary canary(pid, page);
  while (page->ready == 0) {
    if (waitpid(pid, nullptr, WNOHANG) != 0) {
      canary.pid_ = 0;
      return fail(ErrorKind::System, "a canary process ended");
    }
    usleep(100);
  }
  return canary;
}

Canary::~Canary() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (page_ != nullptr) munmap(page_, kPageSize);
}

uint64_t Canary::address() const { return reinterpret_cast<uint64_t>(page_); }
bool Canary::word_intact() const { return page_->word == kWord; }

AbstractAddress abstract_address(std::string_view name) {
  AbstractAddress made;
  made.at.sun_family = AF_UNIX;
  const size_t length = name.copy(made.at.sun_path + 1, sizeof made.at.sun_path - 1);
  made.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  return made;
}

Result<AbstractSockets> AbstractSockets::open() {
  AbstractSockets made;
  constexpr std::pair<const char *, int> kTypes[] = {
      {"stream", SOCK_STREAM}, {"seqpacket", SOCK_SEQPACKET}, {"dgram", SOCK_DGRAM}};
  for (const auto &[name, type] : kTypes) {
    Socket made_one{Fd(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
                    fmt::format("jail-verify-{}-{}", getpid(), name), type};
    const auto [at, size] = abstract_address(made_one.name);
    if (!made_one.fd || bind(made_one.fd.get(), reinterpret_cast<const sockaddr *>(&at), size) != 0 ||
        (type != SOCK_DGRAM && listen(made_one.fd.get(), 16) != 0))
      return fail_errno("abstract socket");
    made.sockets_.push_back(std::move(made_one));
  }
  return made;
}

size_t AbstractSockets::arrived() {
  size_t count = 0;
  for (const auto &socket : sockets_) {
    char byte = 0;
    if (socket.type == SOCK_DGRAM)
      while (recv(socket.fd.get(), &byte, 1, 0) >= 0) count++;
    else
      while (Fd(accept4(socket.fd.get(), nullptr, nullptr, SOCK_CLOEXEC))) count++;
  }
  return count;
}

} // namespace jails::verify
