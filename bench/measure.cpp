#include "measure.h"

#include "base/text.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::bench {

double now_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

Result<double> run_command(const std::vector<std::string> &command, Output output) {
  std::vector<char *> argv;
  for (const auto &word : command) argv.push_back(const_cast<char *>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (output == Output::Discard) {
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  }
  const double start = now_seconds();
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno(command[0], error);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return fail_errno("waitpid");
  const double seconds = now_seconds() - start;
  if (WIFSIGNALED(status))
    return fail(ErrorKind::System, fmt::format("{} died of signal {}", command[0], WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0)
    return fail(ErrorKind::System, fmt::format("{} ended with status {}", command[0], WEXITSTATUS(status)));
  return seconds;
}

Summary summarise(std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](double part) {
    const double place = part * static_cast<double>(values.size() - 1);
    const auto below = static_cast<size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);
    return std::lerp(values[below], values[above], place - std::floor(place));
  };
  return {.count = values.size(), .min = values.front(), .lower = at(0.25), .median = at(0.5), .upper = at(0.75)};
}

std::string Comparison::verdict() const {
  if (!budget) return "-";
  return ratio() <= *budget ? "ok" : "over";
}

namespace {

std::string duration(double seconds) {
  if (seconds >= 1) return fmt::format("{:.3f} s", seconds);
  if (seconds >= 1e-3) return fmt::format("{:.3f} ms", seconds * 1e3);
  if (seconds >= 1e-6) return fmt::format("{:.2f} us", seconds * 1e6);
  return fmt::format("{:.0f} ns", seconds * 1e9);
}

std::string line(std::string_view name, const Summary &summary) {
  return fmt::format("{}: median {}, min {}, quartiles {} {}, n {}\n", name, duration(summary.median),
                     duration(summary.min), duration(summary.lower), duration(summary.upper), summary.count);
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", c);
    else
      out += c;
  }
  return out + "\"";
}

std::string json(const Summary &summary) {
  return fmt::format(R"({{"median_s":{:.9f},"min_s":{:.9f},"q1_s":{:.9f},"q3_s":{:.9f},"n":{}}})", summary.median,
                     summary.min, summary.lower, summary.upper, summary.count);
}

} // namespace

std::function<Status(std::string_view)> set_count(size_t &to) {
  return [&to](std::string_view text) -> Status {
    const auto value = parse_int<size_t>(text);
    if (!value || *value == 0) return fail(ErrorKind::Usage, "expected a number from 1 on");
    to = *value;
    return {};
  };
}

std::string format(const Comparison &it, Form form) {
  const std::string budget = it.budget ? fmt::format("{:.2f}", *it.budget) : "-";
  switch (form) {
  case Form::Text:
    return line(it.figure, it.ours) + line(it.peer_name, it.peer) +
           fmt::format("ratio of medians: {:.2f}, budget {}: {}\n", it.ratio(), budget, it.verdict());
  case Form::Row:
    return fmt::format("{:<26} {:>10}   {:<22} {:>10} {:>7.2f} {:>7}  {}\n", it.figure, duration(it.ours.median),
                       it.peer_name, duration(it.peer.median), it.ratio(), budget, it.verdict());
  case Form::Json:
    return fmt::format(R"({{"figure":{},"ours":{},"peer_name":{},"peer":{},"ratio":{:.4f},"budget":{},"ok":{}}})"
                       "\n",
                       json_string(it.figure), json(it.ours), json_string(it.peer_name), json(it.peer), it.ratio(),
                       it.budget ? budget : "null", it.budget ? (it.ratio() <= *it.budget ? "true" : "false") : "null");
  }
  std::unreachable();
}

} // namespace jails::bench
