#include "member.h"
#include "sockets.h"
#include "world.h"

#include "loader/objects.h"
#include "loader/place.h"
#include "secmodel/bpf.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace jails::test {
namespace {

using Loader = World;

// Is a program attached to the root of the v2 tree at this hook? (Other instances may have theirs there.)
bool is_attached(uint32_t program, enum bpf_attach_type type) {
  const auto root = loader::open_cgroup(cgroup_root());
  bpf_attr attr;
  memset(&attr, 0, sizeof(attr));
  uint32_t ids[64];
  attr.query.target_fd = static_cast<uint32_t>(root->dir.get());
  attr.query.attach_type = type;
  attr.query.prog_ids = reinterpret_cast<uintptr_t>(ids);
  attr.query.prog_cnt = 64;
  if (syscall(SYS_bpf, BPF_PROG_QUERY, &attr, sizeof(attr)) != 0) ADD_FAILURE() << "BPF_PROG_QUERY";
  return std::find(ids, ids + attr.query.prog_cnt, program) != ids + attr.query.prog_cnt;
}

uint32_t our_program(const std::string &name) {
  const auto link = bpf::open_pinned(test_instance().bpffs_dir() + "/links/" + name);
  return link ? bpf::link_info(*link)->program_id : 0;
}

TEST_F(Loader, EveryProgramIsAttached) {
  const auto status = MUST(secmodel_status(test_instance()));
  EXPECT_TRUE(status.loaded);
  EXPECT_TRUE(status.current);
  EXPECT_EQ(status.programs.size(), tables().has_second_line() ? 40U : 28U);
  for (const ProgramStatus &program : status.programs) EXPECT_TRUE(program.attached) << program.name << program.problem;
  EXPECT_TRUE(status.problems.empty());
}

TEST_F(Loader, SecondLoadChangesNothing) {
  make_jail("web", Profile::High, std::to_string(free_port()));
  const auto report = MUST(load_secmodel(test_instance()));
  EXPECT_TRUE(report.already_loaded);
  EXPECT_FALSE(report.cleared);
  EXPECT_TRUE(report.repaired.empty());
  EXPECT_EQ(MUST(tables().list()).size(), 1U);
}

TEST_F(Loader, UnloadLeavesTheMachineAsBefore) {
  const uint32_t bind4 = our_program("root_bind4"), post6 = our_program("root_post_bind6");
  EXPECT_TRUE(is_attached(bind4, BPF_CGROUP_INET4_BIND)) << "control: the query sees ours";
  EXPECT_TRUE(is_attached(post6, BPF_CGROUP_INET6_POST_BIND));
  MUST(unload_secmodel(test_instance()));
  EXPECT_FALSE(is_attached(bind4, BPF_CGROUP_INET4_BIND));
  EXPECT_FALSE(is_attached(post6, BPF_CGROUP_INET6_POST_BIND));
  EXPECT_NE(access(test_instance().bpffs_dir().c_str(), F_OK), 0);
  EXPECT_EQ(unload_secmodel(test_instance()).error().kind(), ErrorKind::NotFound);
  EXPECT_FALSE(MUST(secmodel_status(test_instance())).loaded);
  MUST(load_secmodel(test_instance()));
}

TEST_F(Loader, UnloadIsRefusedWhileJailsExist) {
  make_jail("web", Profile::High, "");
  make_jail("db", Profile::High, "");
  const auto refused = unload_secmodel(test_instance());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::Busy);
  EXPECT_EQ(refused.error().text(), "2 jails exist: db, web");
  EXPECT_TRUE(MUST(secmodel_status(test_instance())).loaded);
}

TEST_F(Loader, UnloadIsRefusedWhileTheCgroupIsInUse) {
  const std::string below = cgroup_of("somebody");
  ASSERT_EQ(mkdir(below.c_str(), 0755), 0);
  EXPECT_EQ(unload_secmodel(test_instance()).error().kind(), ErrorKind::Busy);
  EXPECT_TRUE(MUST(secmodel_status(test_instance())).loaded) << "nothing was taken down";
  rmdir(below.c_str());
  MUST(unload_secmodel(test_instance()));
  MUST(load_secmodel(test_instance()));
}

TEST_F(Loader, AnyPinThatIsLostComesBack) {
  const uint16_t port = free_port();
  const Jid jid = make_jail("web", Profile::High, std::to_string(port));
  std::vector<std::string> pins;
  for (const std::string_view table : loader::table_names())
    if (table != "jails" && table != "settings") pins.emplace_back(table);
  for (const loader::Concern &concern : loader::concerns()) {
    if (concern.second_line && !tables().has_second_line()) continue;
    for (const loader::Program &program : concern.programs)
      for (const char *kind : {"progs/", "links/"})
        if (program.hook != loader::Hook::Jail || std::string_view(kind) == "progs/") // each jail has its own links
          pins.push_back(kind + std::string(program.name));
  }
  for (const std::string &pin : pins) {
    ASSERT_EQ(unlink((test_instance().bpffs_dir() + "/" + pin).c_str()), 0) << pin;
    EXPECT_FALSE(MUST(secmodel_status(test_instance())).loaded) << pin;
    const auto report = MUST(load_secmodel(test_instance()));
    EXPECT_FALSE(report.already_loaded) << pin;
    EXPECT_FALSE(report.repaired.empty()) << pin;
    EXPECT_TRUE(MUST(secmodel_status(test_instance())).loaded) << pin;
    auto anew = MUST(Tables::open(test_instance()));
    EXPECT_EQ(MUST(anew.find("web")).jid, jid) << pin;
    EXPECT_EQ(try_bind(tcp4(), "", port), EPERM) << pin;
    EXPECT_EQ(run_in(cgroup_of("web"), [&] { return try_bind(tcp4(), "", port); }), 0) << pin;
    EXPECT_TRUE(MUST(anew.repair()).empty()) << pin;
  }
}

TEST_F(Loader, LostSettingsWithJailsAreAnError) {
  make_jail("web", Profile::High, "");
  const std::string dir = test_instance().bpffs_dir();
  const Fd settings = MUST(bpf::open_pinned(dir + "/settings"));
  ASSERT_EQ(unlink((dir + "/settings").c_str()), 0);
  const auto refused = load_secmodel(test_instance());
  MUST(bpf::pin(settings, dir + "/settings"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::Busy);
  EXPECT_NE(refused.error().text().find("1 jail exists: web"), std::string::npos) << refused.error().text();
  EXPECT_TRUE(MUST(load_secmodel(test_instance())).already_loaded) << "control";
}

TEST_F(Loader, RemovedParentIsMadeAnew) {
  ASSERT_EQ(rmdir((cgroup_root() + "/" + test_instance().cgroup_name()).c_str()), 0);
  EXPECT_FALSE(MUST(secmodel_status(test_instance())).loaded);
  EXPECT_FALSE(MUST(load_secmodel(test_instance())).already_loaded);
  auto anew = MUST(Tables::open(test_instance()));
  EXPECT_EQ(anew.parent_cgroup(), loader::open_cgroup(cgroup_root() + "/" + test_instance().cgroup_name())->id);
  make_jail("web", Profile::High, "");
  EXPECT_EQ(run_in(cgroup_of("web"), [] { return try_bind(tcp4(), "", 20001); }), EPERM) << "the guards hang there";
}

TEST_F(Loader, OtherBuildIsReplacedWithoutAGap) {
  const uint16_t port = free_port();
  make_jail("web", Profile::High, std::to_string(port));
  const auto map = MUST((bpf::Map<uint32_t, sj_settings>::open(test_instance().bpffs_dir(), "settings")));
  std::atomic<bool> stop = false;
  std::atomic<unsigned> tries = 0, slipped = 0;
  std::thread thief([&] {
    while (!stop) {
      slipped += try_bind(tcp4(), "", port) != EPERM;
      tries++;
    }
  });
  for (int i = 0; i < 5; i++) {
    auto settings = MUST(map.lookup(0));
    settings->programs = 1;
    const uint32_t old = our_program("root_bind4");
    EXPECT_TRUE(map.update(0, *settings));
    const auto report = load_secmodel(test_instance());
    EXPECT_TRUE(report && !report->already_loaded);
    EXPECT_FALSE(is_attached(old, BPF_CGROUP_INET4_BIND)) << "the replaced one is gone";
    EXPECT_TRUE(is_attached(our_program("root_bind4"), BPF_CGROUP_INET4_BIND));
  }
  stop = true;
  thief.join();
  EXPECT_GT(tries, 100U);
  EXPECT_EQ(slipped, 0U);
  EXPECT_TRUE(MUST(secmodel_status(test_instance())).current);
}

TEST_F(Loader, WhatACutOffLoadLeftIsCleared) {
  const loader::Place place(test_instance());
  MUST(loader::make_stage(place));
  const Fd link = MUST(bpf::open_pinned(place.pins + "/links/root_bind4"));
  MUST(bpf::pin(link, place.stage + "/half"));
  const auto report = MUST(load_secmodel(test_instance()));
  EXPECT_TRUE(report.cleared);
  EXPECT_TRUE(report.already_loaded);
  EXPECT_NE(access(place.stage.c_str(), F_OK), 0);
}

TEST_F(Loader, ProbesLoadAndLeaveNothing) {
  MUST(unload_secmodel(test_instance()));
  const auto probes = probe_secmodel();
  EXPECT_EQ(probes.size(), 12U);
  for (const ProgramProbe &probe : probes)
    EXPECT_TRUE(probe.works || !probe.required) << probe.name << ": " << probe.reason;
  EXPECT_NE(access(test_instance().bpffs_dir().c_str(), F_OK), 0);
  MUST(load_secmodel(test_instance()));
}

TEST_F(Loader, ProbeSaysWhyNot) {
  // Without the privilege to load programs the answer is the kernel's, in words, and nothing goes to stderr.
  testing::internal::CaptureStderr();
  const int failed = run_in("", [] {
    if (setresuid(65534, 65534, 65534) != 0) return -1;
    const auto probes = probe_secmodel();
    return static_cast<int>(std::ranges::count_if(probes, [](const ProgramProbe &probe) {
      return !probe.works && probe.reason.starts_with("this kernel does not take " + probe.name);
    }));
  });
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(failed, 12);
}

} // namespace
} // namespace jails::test
