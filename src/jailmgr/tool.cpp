#include "jailmgr/tool.h"

#include "base/text.h"
#include "sys/call.h"
#include "sys/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

std::string last_line(std::string_view text) {
  const auto lines = split(trim(text), '\n');
  return printable(trim(lines.back()));
}

} // namespace

Status run_tool(const std::vector<std::string> &argv, int good) {
  constexpr size_t kMaxOutput = 1U << 20U;
  auto output = TRY(sys::make_pipe());
  std::vector<char *> words;
  for (const auto &word : argv) words.push_back(const_cast<char *>(word.c_str()));
  words.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char *const environment[] = {path, nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  for (const int fd : {1, 2}) posix_spawn_file_actions_adddup2(&actions, output.write.get(), fd);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, argv[0].c_str(), &actions, nullptr, words.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno(argv[0], error);
  output.write.reset();
  const auto said = sys::read_all(output.read.get(), kMaxOutput);
  output.read.reset();
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) return fail_errno(argv[0]);
  if (WIFEXITED(status) && WEXITSTATUS(status) <= good) return {};
  return fail(
      ErrorKind::System,
      fmt::format("{}: {}", argv[0],
                  said && !trim(*said).empty() ? last_line(*said) : fmt::format("failed (wait status {})", status)));
}

} // namespace jailmgr
