// The tests run in a child, so that the parent can clean up after one that crashes or is killed.
#include "world.h"

#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  std::string instance = "k";
  instance += std::to_string(getpid());
  setenv("JAIL_INSTANCE", instance.c_str(), 1);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int status = RUN_ALL_TESTS();
    fflush(nullptr);
    _exit(status);
  }
  // ctest ends a test that takes too long with SIGTERM before SIGKILL; a person presses ^C.
  static pid_t tests;
  tests = child;
  for (const int signal_number : {SIGTERM, SIGINT, SIGHUP}) signal(signal_number, [](int) { kill(tests, SIGKILL); });
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (geteuid() == 0) jails::test::clean_up();
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  fprintf(stderr, "the tests died of signal %d\n", WTERMSIG(status));
  return 1;
}
