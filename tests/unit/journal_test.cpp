#include "journal/store.h"
#include "result.h"

#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <map>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::journal {
namespace {

TEST(Event, ReadsBackWhatItWrote) {
  const Event full{.kind = Kind::Exit,
                   .time_ms = 1763835600123,
                   .jail = "web",
                   .jid = 7,
                   .cause = Cause::Operator,
                   .wait_status = SIGTERM,
                   .ran_ms = 12345,
                   .restarts = 3,
                   .pid = 99,
                   .by = {.program = "jailctl stop web", .pid = 12, .uid = 0, .login_uid = 1000},
                   .boot = "01234567",
                   .text = "a=b c"};
  const std::string line = encode(full);
  ASSERT_TRUE(line.ends_with('\n'));
  const auto back = decode(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(back) << error_text(back);
  EXPECT_EQ(*back, full);
  const Event bare{.kind = Kind::Freeze, .time_ms = 1, .jail = "j", .jid = 1};
  EXPECT_EQ(encode(bare), "1\t1\tfreeze\tj\t1\n");
  EXPECT_EQ(*decode("1\t1\tfreeze\tj\t1"), bare);
}

TEST(Event, EveryKindAndCauseHasItsWord) {
  for (size_t i = 0; i < kKinds; i++) EXPECT_EQ(*parse_kind(to_string(static_cast<Kind>(i))), static_cast<Kind>(i));
  for (size_t i = 0; i < kCauses; i++) {
    const Event event{.time_ms = 1, .jail = "j", .cause = static_cast<Cause>(i)};
    EXPECT_EQ(decode(encode(event).substr(0, encode(event).size() - 1))->cause, event.cause) << i;
  }
}

TEST(Event, TextOfAJailCannotForgeALine) {
  const std::string line = encode({.time_ms = 1, .jail = "j", .text = "a\n1\t1\tfreeze\tk\t1\x1b[2J"});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(decode(line.substr(0, line.size() - 1))->text, "a\\x0a1\\x091\\x09freeze\\x09k\\x091\\x1b[2J");
  const std::string cut = encode({.time_ms = 1, .jail = "j", .text = std::string(kMaxText - 1, 'x') + "\u00e9y"});
  EXPECT_EQ(decode(cut.substr(0, cut.size() - 1))->text, std::string(kMaxText - 1, 'x')); // no half of a character
}

TEST(Event, WhatIsNoEventIsRefused) {
  for (const char *bad :
       {"", "1", "2\t1\tfreeze\tj\t1", "1\tx\tfreeze\tj\t1", "1\t1\tmelt\tj\t1", "1\t1\tfreeze\t-j\t1",
        "1\t1\tfreeze\tj\t-1", "1\t1\tfreeze\tj\t1\tstatus=x", "1\t1\tfreeze\tj\t1\tcause=melt",
        "1\t1\tfreeze\tj\t1\twhat", "1\t1\tfreeze\tj\t1\ttext=\x1b[2J", "1\t1\tfreeze\tj"})
    EXPECT_FALSE(decode(bad)) << bad;
  EXPECT_TRUE(decode("1\t1\tfreeze\tj\t1\tnewer=thing"));
}

TEST(Event, Words) {
  EXPECT_EQ(describe_cause({.cause = Cause::Exited, .wait_status = 256}), "exited with status 1");
  EXPECT_EQ(describe_cause({.cause = Cause::Signal, .wait_status = 11}), "killed by signal 11 (SIGSEGV)");
  EXPECT_EQ(describe_cause({.cause = Cause::Oom, .wait_status = 9}),
            "out of memory; its command was killed by signal 9 (SIGKILL)");
  EXPECT_EQ(describe_cause({.cause = Cause::Operator,
                            .wait_status = 0,
                            .by = {.program = "jailctl stop web", .pid = 5, .uid = 0, .login_uid = 1000}}),
            "stopped by 'jailctl stop web' (pid 5, uid 0, login uid 1000); its command exited with status 0");
  EXPECT_EQ(describe_cause({.cause = Cause::StartFailed, .text = "no such file"}), "it did not start: no such file");
  EXPECT_EQ(describe({.kind = Kind::Failed, .cause = Cause::Exited, .wait_status = 256, .ran_ms = 1250}),
            "exited with status 1, after 1.2 s, given up");
  EXPECT_EQ(duration_text(59999), "59 s");
  EXPECT_EQ(duration_text(3599999), "59 min 59 s");
  EXPECT_EQ(duration_text(90061000), "1 d 1 h");
}

// An instance of its own: logs are in /var/log, so these need root and are left out without.
class JournalStore : public testing::Test {
protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "writes below /var/log: needs root";
    instance_.emplace(*Instance::named("u" + std::to_string(getpid() % 100000000)));
  }
  void TearDown() override {
    if (!instance_) return;
    for (const auto &file : {events_file(*instance_), events_file(*instance_) + ".1", last_file(*instance_, name_)})
      unlink(file.c_str());
    rmdir(instance_->log_dir().c_str());
  }
  std::vector<Event> all() const {
    auto events = read_events(*instance_, [](const Event &) { return true; });
    EXPECT_TRUE(events) << error_text(events);
    return events ? *events : std::vector<Event>{};
  }
  std::optional<Instance> instance_;
  JailName name_ = *JailName::parse("web");
};

TEST_F(JournalStore, AppendsAndTurnsOver) {
  EXPECT_TRUE(all().empty());
  constexpr uint64_t kSmall = 1000;
  for (Jid jid = 1; jid <= 100; jid++)
    ASSERT_TRUE(append(*instance_, {.kind = Kind::Start, .jail = "web", .jid = jid}, kSmall));
  const auto events = all();
  ASSERT_GE(events.size(), 30U);
  ASSERT_LT(events.size(), 100U);
  for (size_t i = 0; i < events.size(); i++) EXPECT_EQ(events[i].jid, 100 - events.size() + 1 + i); // no gap
  struct stat st{};
  ASSERT_EQ(stat(events_file(*instance_).c_str(), &st), 0);
  EXPECT_LE(static_cast<uint64_t>(st.st_size), kSmall);
  EXPECT_EQ(st.st_mode & 0777U, 0600U);
}

TEST_F(JournalStore, SeveralWritersLoseNothing) {
  constexpr int kWriters = 4, kEach = 200;
  for (int writer = 0; writer < kWriters; writer++) {
    if (fork() != 0) continue;
    bool good = true;
    for (int i = 0; i < kEach; i++) // turns over once or twice: both files together hold them all
      good &=
          append(*instance_, {.kind = Kind::Start, .jail = "web", .jid = static_cast<Jid>(writer * 1000 + i)}, 20000)
              .has_value();
    _exit(good ? 0 : 1);
  }
  for (int writer = 0; writer < kWriters; writer++) {
    int status = 0;
    wait(&status);
    EXPECT_EQ(status, 0);
  }
  std::map<Jid, int> seen;
  for (const auto &event : all()) seen[event.jid]++;
  for (const auto &[jid, count] : seen) EXPECT_EQ(count, 1) << jid;
  EXPECT_EQ(seen.size(), static_cast<size_t>(kWriters * kEach));
}

TEST_F(JournalStore, ATornLineCostsItselfAlone) {
  ASSERT_TRUE(append(*instance_, {.kind = Kind::Start, .jail = "web", .jid = 1}));
  const Fd fd(open(events_file(*instance_).c_str(), O_WRONLY | O_APPEND));
  ASSERT_EQ(write(fd.get(), "1\t5\tsta\n", 8), 8);
  ASSERT_TRUE(append(*instance_, {.kind = Kind::Start, .jail = "web", .jid = 2}));
  ASSERT_EQ(all().size(), 2U);
  EXPECT_EQ(all()[1].jid, 2U);
}

TEST_F(JournalStore, LastEndIsReplacedAndTrustedOnlyAsRoots) {
  EXPECT_EQ(*read_last(*instance_, name_), std::nullopt);
  ASSERT_TRUE(append_end(*instance_, {.jail = "web", .jid = 1, .cause = Cause::Exited, .wait_status = 0}));
  ASSERT_TRUE(append_end(*instance_, {.jail = "web", .jid = 1, .cause = Cause::Exited, .wait_status = 256}));
  EXPECT_EQ((*read_last(*instance_, name_))->wait_status, 256);
  EXPECT_EQ(all().size(), 2U);
  const std::string file = last_file(*instance_, name_);
  ASSERT_EQ(chmod(file.c_str(), 0666), 0);
  EXPECT_ERROR(read_last(*instance_, name_), ErrorKind::Denied, file + ": is not a file that only root can write");
  ASSERT_EQ(chmod(file.c_str(), 0600), 0);
  EXPECT_TRUE(read_last(*instance_, name_));
}

} // namespace
} // namespace jails::journal
