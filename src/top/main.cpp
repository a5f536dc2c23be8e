// jail-top SECONDS: what `jailctl top` executes, having looked at the command line.
#include "base/text.h"
#include "top/app.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <fmt/format.h>

namespace {

volatile sig_atomic_t ended = 0; // the signal that ends it

void end(int number) { ended = number; }

jails::Status run(unsigned seconds) {
  const auto instance = TRY(jails::Instance::from_environment());
  TRY(jails::Telemetry::open(instance)); // its error before the screen is taken
  sigset_t blocked, waiting;
  sigemptyset(&blocked);
  struct sigaction act{};
  act.sa_handler = end;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    sigaddset(&blocked, number);
    sigaction(number, &act, nullptr); // before ncurses, which leaves what it finds
  }
  signal(SIGPIPE, SIG_IGN);
  sigprocmask(SIG_BLOCK, &blocked, &waiting);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigdelset(&waiting, number);
  auto screen = TRY(jails::top::Screen::open());
  return jails::top::App(instance, screen, seconds).run(ended, waiting);
}

} // namespace

int main(int argc, char **argv) {
  const auto seconds = argc == 2 ? jails::parse_int<unsigned>(argv[1]) : std::nullopt;
  if (!seconds || *seconds == 0) {
    fmt::print(stderr, "jail-top: use 'jailctl top'\n");
    return 2;
  }
  const auto done = run(*seconds);
  if (!done) {
    fmt::print(stderr, "jailctl: {}\n", done.error().text());
    return 1;
  }
  if (ended != 0 && ended != SIGINT) { // the terminal is as it was; now end as it was asked
    signal(ended, SIG_DFL);
    sigset_t all;
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, nullptr);
    raise(ended);
  }
  return 0;
}
