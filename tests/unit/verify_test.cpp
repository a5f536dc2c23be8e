// The probe as it is, outside a jail; the judging of what it answers; reports.
#include "verify/canary.h"
#include "verify/format.h"
#include "verify/probe.h"
#include "verify/trial.h"

#include "result.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/syscall.h>
#include <unistd.h>

namespace jails::verify {
namespace {

TEST(Probe, MakesTheCallsItIsTold) {
  auto probe = Probe::outside();
  ASSERT_TRUE(probe) << probe.error().text();
  EXPECT_GT(probe->pid(), 0);
  EXPECT_NE(probe->pid(), getpid());
  EXPECT_EQ(probe->call(SYS_getppid), getpid());
  EXPECT_EQ(probe->call(SYS_close, {-1}), -EBADF);
  const uint64_t path = probe->text("/nowhere");
  EXPECT_EQ(probe->call(SYS_openat, {AT_FDCWD, path, O_RDONLY}), -ENOENT);
  const uint64_t at = probe->space(2 * sizeof(int));
  ASSERT_EQ(probe->call(SYS_pipe2, {at, O_CLOEXEC}), 0);
  EXPECT_EQ(probe->read<int>(at), 3); // it has three descriptors and no other
  const auto names = probe->list("/proc/self");
  EXPECT_NE(std::ranges::find(names, "status"), names.end());
}

TEST(Probe, AChildKeepsWhatItChanges) {
  auto probe = Probe::outside();
  ASSERT_TRUE(probe);
  {
    const InChild child(*probe);
    ASSERT_TRUE(child);
    EXPECT_NE(probe->call(SYS_getpid), probe->pid());
    EXPECT_EQ(probe->call(SYS_close, {2}), 0);
  }
  EXPECT_EQ(probe->call(SYS_getpid), probe->pid());
  EXPECT_GE(probe->call(SYS_fcntl, {2, F_GETFD}), 0);
}

TEST(Probe, OneThatEndsIsLostForGood) {
  auto probe = Probe::outside();
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->call(SYS_exit_group, {0}), kLost);
  EXPECT_TRUE(probe->lost());
  EXPECT_EQ(probe->call(SYS_getpid), kLost);
}

class Judging : public testing::Test {
protected:
  Judging() : probe_(*Probe::outside()), instance_(*Instance::named("x")), subject_{.row = {}, .instance = instance_} {
    subject_.row.profile = Profile::Low;
  }
  Trial trial(const Check &check) { return {check, subject_}; }

  Check check_{"id", "an act", nullptr, nullptr};
  Probe probe_;
  Instance instance_;
  Subject subject_;
  Targets targets_;
};

TEST_F(Judging, RefusedInsideAndDoneOutsideIsOk) {
  Trial trial(check_, subject_);
  trial.as(Identity::Control, probe_, targets_);
  trial.refused("act", 0, {EPERM});
  trial.as(Identity::Root, probe_, targets_);
  trial.refused("act", -EPERM, {EPERM});
  const Row row = trial.row();
  EXPECT_EQ(row.verdict, Verdict::Ok) << row.happened;
  EXPECT_EQ(row.expected, "refused");
  EXPECT_EQ(row.happened, "held once (EPERM)");
}

TEST_F(Judging, RefusedOutsideTooShowsNothing) {
  for (const int error : {EPERM, ENOSYS}) {
    Trial trial(check_, subject_);
    trial.as(Identity::Control, probe_, targets_);
    trial.refused("act", -error, {EPERM});
    trial.as(Identity::Root, probe_, targets_);
    trial.refused("act", -EPERM, {EPERM});
    EXPECT_EQ(trial.row().verdict, Verdict::Skip);
    EXPECT_EQ(trial.row().happened,
              std::string("shows nothing: outside the jail too ") + strerrorname_np(error) + " for act");
  }
}

TEST_F(Judging, AnotherErrorGotPastTheGuard) {
  Trial trial(check_, subject_);
  trial.as(Identity::User, probe_, targets_);
  trial.refused("act", -EFAULT, {EPERM}, "a target");
  EXPECT_EQ(trial.row().verdict, Verdict::Gap);
  EXPECT_EQ(trial.row().happened, "as uid 1000: act on a target: EFAULT");
}

// The jail's root may forge every answer; what was reached on the host it cannot undo.
TEST_F(Judging, TheHostIsBelievedMoreThanTheProbe) {
  Trial trial(check_, subject_);
  trial.as(Identity::Control, probe_, targets_);
  trial.refused("kill", 0, {EPERM});
  trial.as(Identity::Root, probe_, targets_);
  trial.refused("kill", -EPERM, {EPERM});
  trial.disturbed("a host process: pending signals");
  EXPECT_EQ(trial.row().verdict, Verdict::Gap);
  EXPECT_EQ(trial.row().happened, "as root: seen on the host: a host process: pending signals");
}

TEST_F(Judging, NoAnswerIsNoRefusal) {
  Trial trial(check_, subject_);
  ASSERT_EQ(probe_.call(SYS_exit_group, {0}), kLost);
  trial.as(Identity::Root, probe_, targets_);
  trial.refused("act", kLost, {EPERM});
  trial.judged("state", false);
  trial.no_child();
  EXPECT_EQ(trial.row().verdict, Verdict::Gap);
  EXPECT_EQ(trial.row().happened, "as root: the probe was ended, stopped or tampered with");
}

// What low allows, high refuses: by the same table that the filter is made from.
TEST_F(Judging, TheExpectationIsThePolicysTable) {
  subject_.permissions = effective(Profile::Low, {});
  Trial low(check_, subject_);
  low.as(Identity::Root, probe_, targets_);
  low.call("kcmp", SYS_kcmp, {~uint64_t{0}, ~uint64_t{0}, 0, 0, 0, 0}); // past the filter: there is none here
  EXPECT_EQ(low.row().verdict, Verdict::Ok);
  EXPECT_EQ(low.row().expected, "allowed");
  subject_.row.profile = Profile::High;
  subject_.permissions = effective(Profile::High, {});
  Trial high(check_, subject_);
  high.as(Identity::Root, probe_, targets_);
  high.call("kcmp", SYS_kcmp, {~uint64_t{0}, ~uint64_t{0}, 0, 0, 0, 0});
  EXPECT_EQ(high.row().verdict, Verdict::Gap);
  EXPECT_EQ(high.row().happened, "as root: kcmp: ESRCH");
}

// A permission opens what it names, and what no profile has stays shut whatever the table says.
TEST_F(Judging, AGrantedPermissionIsNoGap) {
  subject_.row.profile = Profile::Low;
  for (const bool granted : {true, false}) {
    subject_.permissions = effective(Profile::Low, {.allow = granted ? *parse_permission("io-uring") : 0});
    Trial trial(check_, subject_);
    trial.as(Identity::Root, probe_, targets_);
    trial.call("io_uring_enter", SYS_io_uring_enter, {~uint64_t{0}, 0, 0, 0, 0, 0}, true);
    EXPECT_EQ(trial.row().verdict, granted ? Verdict::Ok : Verdict::Gap);
  }
  subject_.permissions = ~PermissionSet{0};
  Trial trial(check_, subject_);
  trial.as(Identity::Root, probe_, targets_);
  trial.call("getpid", SYS_getpid, {}, true); // open in the profile: no grant, so a gap
  EXPECT_EQ(trial.row().verdict, Verdict::Gap);
}

TEST(Canary, ShowsASignalAtOnce) {
  if (geteuid() != 0) GTEST_SKIP() << "a canary of another uid needs root";
  auto canary = Canary::start(kUser);
  ASSERT_TRUE(canary) << canary.error().text();
  const auto before = state_of(canary->pid());
  EXPECT_EQ(differences(before, state_of(canary->pid())), "");
  ASSERT_EQ(kill(canary->pid(), SIGTERM), 0);
  EXPECT_EQ(differences(before, state_of(canary->pid())), "pending signals");
  EXPECT_TRUE(canary->word_intact());
  ASSERT_EQ(kill(canary->pid(), SIGKILL), 0);
  while (state_of(canary->pid()).at("life") != "ended") usleep(1000);
  EXPECT_EQ(differences(before, state_of(canary->pid())), "life");
}

TEST(Checks, HaveNamesOfTheirOwn) {
  std::set<std::string_view> ids;
  for (const auto checks : {process_checks(), network_checks(), file_checks(), call_checks()})
    for (const auto &check : checks) EXPECT_TRUE(ids.insert(check.id).second) << check.id;
  EXPECT_GT(ids.size(), 30U);
}

Report sample() {
  Report report{.jail = "web", .jid = 7, .profile = Profile::Medium, .rows = {}, .defences = {}, .milliseconds = 120};
  report.rows = {{"signal", "signal the host", "refused", "held 3 times (EPERM)", Verdict::Ok},
                 {"mount", "mount", "refused", "as root: mount: EFAULT\x1b[2J\t", Verdict::Gap},
                 {"modules", "load modules", "refused", "shows nothing", Verdict::Skip}};
  report.defences = {{"Landlock", true, "ABI 7"}, {"BPF jail_bind4", true, "jails"}, {"BPF LSM", false, "not used"}};
  return report;
}

TEST(Format, Table) {
  const std::string text = table(sample());
  EXPECT_NE(text.find("\njail web (jid 7, profile medium): 1 ok, 1 gap, 1 skipped, in 120 ms\n"), text.npos) << text;
  EXPECT_NE(text.find("\ndefence: BPF programs: 1 of 1 attached; Landlock: ABI 7; BPF LSM: no, not used\n"), text.npos)
      << text;
  EXPECT_EQ(text.find('\x1b'), text.npos);
}

TEST(Format, TabSeparatedHasOneLineARow) {
  const std::string text = tab_separated(sample(), true);
  EXPECT_EQ(std::ranges::count(text, '\n'), 4);
  EXPECT_EQ(std::ranges::count(text, '\t'), 4 * 5);
  EXPECT_TRUE(text.starts_with("JAIL\tCHECK\tRESULT\tTRIED\tEXPECTED\tHAPPENED\nweb\tsignal\tok\t")) << text;
}

TEST(Format, Json) {
  const std::vector<Report> reports{sample()};
  const auto read = nlohmann::json::parse(json(reports));
  const auto &jail = read.at("jails").at(0);
  EXPECT_EQ(jail.at("name"), "web");
  EXPECT_EQ(jail.at("ok"), false);
  EXPECT_EQ(jail.at("counts").at("gap"), 1);
  EXPECT_EQ(jail.at("checks").at(1).at("result"), "GAP");
  EXPECT_EQ(jail.at("defences").at(2).at("active"), false);
}

} // namespace
} // namespace jails::verify
