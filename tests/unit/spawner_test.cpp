// The spawner with an anchor in hostile hands: the test's end of the channel.
#include "supervise/spawner.h"
#include "sys/call.h"
#include "sys/message.h"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

pid_t child_that_stays() {
  const pid_t pid = fork();
  if (pid == 0) {
    while (true) pause();
  }
  return pid;
}

class Spawning : public testing::Test {
protected:
  Spawning() : loop_(*EventLoop::create()), host_(loop_) {
    auto pair = *sys::seqpacket_pair();
    channel_ = std::move(pair.second);
    const pid_t pid = child_that_stays();
    spawner_ = std::make_unique<Spawner>(
        launch::Anchor(pid, *sys::pidfd_open(pid), std::move(pair.first), Fd()), host_,
        [this](Session &session, const Ending &ending) { ended_.emplace_back(session.id, ending.wait_status); });
  }
  ~Spawning() override {
    for (const pid_t pid : children_) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }
  pid_t child() { return children_.emplace_back(child_that_stays()); }
  Session *ask() {
    Spawner::Program program;
    program.argv = {"true"};
    return *spawner_->spawn(program, {}, std::make_unique<Session>());
  }
  void answer(const Session *session, pid_t pid) {
    const anchor::SpawnReply reply{anchor::FromAnchor::Spawned, session->id, pid};
    ASSERT_TRUE(sys::send_message(channel_.get(), {reinterpret_cast<const char *>(&reply), sizeof reply}));
    spawner_->read_anchor();
  }

  EventLoop loop_;
  HostCommands host_;
  Fd channel_;
  std::vector<pid_t> children_;
  std::vector<std::pair<uint32_t, int>> ended_;
  std::unique_ptr<Spawner> spawner_;
};

// Otherwise the second session would keep the number after the process has ended and been reaped by the first.
TEST_F(Spawning, NoTwoSessionsHaveOneProcess) {
  Session *first = ask(), *second = ask();
  const pid_t pid = child();
  answer(first, pid);
  EXPECT_EQ(first->pid, pid);
  answer(second, pid);
  EXPECT_EQ(second->pid, 0);
  const pid_t other = child();
  answer(second, other); // control
  EXPECT_EQ(second->pid, other);
}

TEST_F(Spawning, OnlyChildrenAreBelieved) {
  Session *session = ask();
  for (const pid_t pid : {getpid(), getppid(), spawner_->anchor().pid(), pid_t{1}, pid_t{-1}, pid_t{0}}) {
    answer(session, pid);
    EXPECT_EQ(session->pid, 0) << pid;
  }
  const pid_t gone = child_that_stays();
  kill(gone, SIGKILL);
  waitpid(gone, nullptr, 0);
  answer(session, gone);
  EXPECT_EQ(session->pid, 0);
  answer(session, child()); // control
  EXPECT_NE(session->pid, 0);
}

TEST_F(Spawning, AProbeIsKnownByItsSession) {
  Session *session = ask();
  const pid_t pid = child();
  answer(session, pid);
  EXPECT_FALSE(spawner_->has_probes());
  EXPECT_FALSE(spawner_->is_probe(pid));
  session->probe = true;
  EXPECT_TRUE(spawner_->is_probe(pid));
  EXPECT_FALSE(spawner_->is_probe(getpid()));
}

} // namespace
} // namespace jails::supervise
