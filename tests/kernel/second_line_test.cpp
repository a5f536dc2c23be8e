// The second line: BPF LSM programs, where this kernel takes them. Each refusal has its control.
#include "member.h"
#include "sockets.h"
#include "world.h"

#include "abi/second_line.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::test {
namespace {

constexpr uid_t kUser = 1000;

class SecondLine : public World {
protected:
  void SetUp() override {
    World::SetUp();
    if (IsSkipped() || HasFatalFailure() || tables().has_second_line()) return;
    for (const ProgramProbe &probe : probe_secmodel())
      if (!probe.required && !probe.works) GTEST_SKIP() << probe.name << ": " << probe.reason;
    GTEST_FAIL() << "each of the programs loads, and yet they are not loaded";
  }
};

int become(uid_t uid) { return setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0 ? errno : 0; }

// As a process of uid 1000 of the host, or of root.
int as(uid_t uid, const std::function<int()> &f) {
  return run_in("", [&] { return become(uid) != 0 ? -2 : f(); });
}

// Sleeps as uid 1000 in the cgroup; dumpable, so that nothing but the second line keeps another process of that uid
// off.
Member sleeper(const std::string &cgroup) {
  return Member(cgroup, [](const auto &report) {
    report(become(kUser) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0 ? -2 : 0);
    for (;;) pause();
  });
}

struct Act {
  const char *name;
  sj_rule rule;
  std::function<int(pid_t)> act; // 0 or errno
};

int result(long rc) { return rc < 0 ? errno : 0; }

std::vector<Act> acts() {
  return {
      {"kill", SJ_RULE_SIGNAL, [](pid_t pid) { return result(kill(pid, SIGCONT)); }},
      {"kill with 0", SJ_RULE_SIGNAL, [](pid_t pid) { return result(kill(pid, 0)); }},
      {"ptrace", SJ_RULE_TRACE,
       [](pid_t pid) {
         const int error = result(ptrace(PTRACE_SEIZE, pid, nullptr, nullptr));
         return error;
       }},
      {"memory", SJ_RULE_TRACE,
       [](pid_t pid) {
         const int fd = open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
         const int error = result(fd);
         if (fd >= 0) close(fd);
         return error == EACCES ? EPERM : error; // what the hook says, as open(2) tells it
       }},
      {"prlimit", SJ_RULE_ADJUST,
       [](pid_t pid) {
         rlimit limit{};
         if (prlimit(pid, RLIMIT_CORE, nullptr, &limit) != 0) return errno;
         return result(prlimit(pid, RLIMIT_CORE, &limit, nullptr));
       }},
      {"setpriority", SJ_RULE_ADJUST, [](pid_t pid) { return result(setpriority(PRIO_PROCESS, pid, 5)); }},
      {"sched_setaffinity", SJ_RULE_ADJUST,
       [](pid_t pid) {
         cpu_set_t cpus;
         if (sched_getaffinity(pid, sizeof cpus, &cpus) != 0) return errno;
         return result(sched_setaffinity(pid, sizeof cpus, &cpus));
       }},
      {"ioprio_set", SJ_RULE_ADJUST, [](pid_t pid) { return result(syscall(SYS_ioprio_set, 1, pid, 3 << 13 | 1)); }},
  };
}

TEST_F(SecondLine, HostUsersHaveNoPowerOverAJail) {
  make_jail("jail", Profile::Low, "");
  Member jailed = sleeper(cgroup_of("jail"));
  Member free = sleeper("");
  ASSERT_EQ(jailed.report(), 0);
  ASSERT_EQ(free.report(), 0);
  uint64_t before = 0;
  for (const Act &act : acts()) {
    before = denials("").of(act.rule);
    EXPECT_EQ(as(kUser, [&] { return act.act(free.pid()); }), 0) << act.name << ": control, a process of no jail";
    EXPECT_EQ(denials("").of(act.rule), before) << act.name;
    EXPECT_EQ(as(kUser, [&] { return act.act(jailed.pid()); }), EPERM) << act.name;
    EXPECT_EQ(denials("").of(act.rule), before + 1) << act.name;
    EXPECT_EQ(as(0, [&] { return act.act(jailed.pid()); }), 0) << act.name << ": by root of the host";
  }
}

TEST_F(SecondLine, NorHasOneJailOverAnother) {
  make_jail("one", Profile::Low, "");
  make_jail("two", Profile::Low, "");
  Member other = sleeper(cgroup_of("two"));
  Member same = sleeper(cgroup_of("one"));
  ASSERT_EQ(other.report(), 0);
  ASSERT_EQ(same.report(), 0);
  for (const Act &act : acts()) {
    const auto by = [&](pid_t pid, uid_t uid) {
      return run_in(cgroup_of("one"), [&] { return become(uid) != 0 ? -2 : act.act(pid); });
    };
    EXPECT_EQ(by(same.pid(), kUser), 0) << act.name << ": control, within the jail";
    EXPECT_EQ(by(other.pid(), kUser), EPERM) << act.name;
    EXPECT_EQ(by(other.pid(), 0), EPERM) << act.name << ": by root of the jail";
    EXPECT_EQ(by(getpid(), 0), EPERM) << act.name << ": at the host";
  }
  EXPECT_GT(denials("one").of(SJ_RULE_SIGNAL), 0U);
  EXPECT_EQ(denials("two").of(SJ_RULE_SIGNAL), 0U);
}

// What hidepid hides, the ptrace hook decides (proc(5)): a host that mounts its /proc so shows jailed processes to root
// only.
TEST_F(SecondLine, HiddenFromHostUsers) {
  make_jail("jail", Profile::Low, "");
  Member jailed = sleeper(cgroup_of("jail"));
  Member free = sleeper("");
  ASSERT_EQ(jailed.report(), 0);
  ASSERT_EQ(free.report(), 0);
  const auto seen = [&](uid_t uid, pid_t pid) {
    return run_in("", [&] {
      if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return -3;
      if (mount("proc", "/mnt", "proc", 0, "hidepid=ptraceable") != 0 || become(uid) != 0) return -2;
      return access(("/mnt/" + std::to_string(pid)).c_str(), F_OK) == 0 ? 1 : 0;
    });
  };
  EXPECT_EQ(seen(kUser, free.pid()), 1) << "control";
  EXPECT_EQ(seen(kUser, jailed.pid()), 0);
  EXPECT_EQ(seen(0, jailed.pid()), 1) << "root of the host";
}

TEST_F(SecondLine, NobodyOutsideIsMadeATracer) {
  make_jail("jail", Profile::Low, "");
  const auto trace_me = [] { return result(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); };
  EXPECT_EQ(run_in("", trace_me), 0) << "control";
  EXPECT_EQ(run_in(cgroup_of("jail"), trace_me), EPERM) << "the parent is of the host";
  EXPECT_EQ(run_in(cgroup_of("jail"),
                   [&] {
                     const pid_t child = fork();
                     if (child == 0) _exit(trace_me());
                     int status = 0;
                     waitpid(child, &status, 0);
                     return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
                   }),
            0)
      << "the parent is of the jail";
}

int bind_abstract(const char *name) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  const size_t length = strlen(name);
  memcpy(at.sun_path + 1, name, length);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto size =
      static_cast<socklen_t>(length == 0 ? sizeof at.sun_family : offsetof(sockaddr_un, sun_path) + 1 + length);
  const int error = result(bind(fd, reinterpret_cast<const sockaddr *>(&at), size));
  close(fd);
  return error;
}

TEST_F(SecondLine, AbstractNames) {
  make_jail("low", Profile::Low, "");
  make_jail("high", Profile::High, "");
  const std::string name = "jails-" + test_instance().name();
  const auto take = [&] { return bind_abstract(name.c_str()); };
  EXPECT_EQ(run_in("", take), 0) << "control";
  EXPECT_EQ(run_in(cgroup_of("low"), take), 0);
  EXPECT_EQ(run_in(cgroup_of("high"), take), EPERM);
  EXPECT_EQ(run_in(cgroup_of("high"), [] { return bind_abstract(""); }), 0) << "a name that the kernel picks";
  EXPECT_EQ(denials("high").of(SJ_RULE_BIND_ABSTRACT), 1U);
}

TEST_F(SecondLine, ListenWithoutThePort) {
  const uint16_t port = free_port();
  make_jail("high", Profile::High, std::to_string(port));
  make_jail("low", Profile::Low, "");
  const auto listen_on = [](int number) { // -1: no bind
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<uint16_t>(number));
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (number >= 0 && bind(fd, reinterpret_cast<const sockaddr *>(&at), sizeof at) != 0) return 1000 + errno;
    const int error = result(listen(fd, 1));
    close(fd);
    return error;
  };
  EXPECT_EQ(run_in("", [&] { return listen_on(-1); }), 0) << "control";
  EXPECT_EQ(run_in(cgroup_of("low"), [&] { return listen_on(-1); }), 0) << "low may have any port";
  EXPECT_EQ(run_in(cgroup_of("high"), [&] { return listen_on(port); }), 0) << "its own port";
  EXPECT_EQ(run_in(cgroup_of("high"), [&] { return listen_on(-1); }), EPERM);
  EXPECT_EQ(run_in(cgroup_of("high"), [&] { return listen_on(0); }), EPERM) << "one that the kernel picked at bind";
  EXPECT_EQ(denials("high").of(SJ_RULE_LISTEN_UNBOUND), 2U);
}

// Opens files until one is refused, closes them again; how many, or the errno where it is not ENFILE.
int open_many(int most) {
  std::vector<int> fds;
  int error = 0;
  while (static_cast<int>(fds.size()) < most) {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      error = errno;
      break;
    }
    fds.push_back(fd);
  }
  for (const int fd : fds) close(fd);
  return error == 0 || error == ENFILE ? static_cast<int>(fds.size()) : -error;
}

TEST_F(SecondLine, OpenFilesOfTheWholeJail) {
  const Jid jid = make_jail("jail", Profile::High, "");
  const auto many = [] { return open_many(100); };
  EXPECT_EQ(run_in(cgroup_of("jail"), many), 100) << "control: no limit";
  EXPECT_EQ(MUST(tables().open_files(jid)).peak, 0U) << "nothing is counted without a limit";
  MUST(tables().set_files(jid, 40));
  EXPECT_EQ(run_in(cgroup_of("jail"), many), 40);
  EXPECT_EQ(run_in("", many), 100) << "the host has no limit";
  EXPECT_EQ(denials("jail").of(SJ_RULE_FILES), 1U);

  // Of all its processes together; a duplicate is no other file, and one that outlives its opener stays charged.
  Member holder(cgroup_of("jail"), [](const auto &report) {
    int opened = 0;
    while (opened < 25 && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) opened++;
    for (int i = 0; i < 50; i++) (void)!dup(0);
    report(opened);
    for (;;) pause();
  });
  EXPECT_EQ(holder.report(), 25);
  EXPECT_EQ(run_in(cgroup_of("jail"), many), 15);
  EXPECT_EQ(MUST(tables().open_files(jid)).now, 25U);
  MUST(tables().set_files(jid, 60));
  EXPECT_EQ(run_in(cgroup_of("jail"), many), 35);
  kill_members(cgroup_of("jail"));
  for (int i = 0; i < 500 && MUST(tables().open_files(jid)).now != 0; i++) usleep(10000); // files go by a work queue
  EXPECT_EQ(MUST(tables().open_files(jid)).now, 0U) << "none is left behind";
  EXPECT_EQ(MUST(tables().open_files(jid)).peak, 60U);
}

// A build that is replaced counts each file twice for a moment, and once all the same.
TEST_F(SecondLine, CountsOnceWhileItIsReplaced) {
  const Jid jid = make_jail("jail", Profile::High, "");
  MUST(tables().set_files(jid, 1000));
  Member busy(cgroup_of("jail"), [](const auto &report) {
    report(0);
    for (;;) (void)open_many(20);
  });
  ASSERT_EQ(busy.report(), 0);
  const auto map = MUST((bpf::Map<uint32_t, sj_settings>::open(test_instance().bpffs_dir(), "settings")));
  for (int i = 0; i < 2; i++) {
    auto settings = MUST(map.lookup(0));
    settings->programs = 1;
    MUST(map.update(0, *settings));
    EXPECT_FALSE(MUST(load_secmodel(test_instance())).already_loaded);
  }
  kill_members(cgroup_of("jail"));
  for (int i = 0; i < 500 && MUST(tables().open_files(jid)).now != 0; i++) usleep(10000);
  EXPECT_EQ(MUST(tables().open_files(jid)).now, 0U);
  EXPECT_LE(MUST(tables().open_files(jid)).peak, 21U);
}

} // namespace
} // namespace jails::test
