#include "jailmgr/verb.h"

#include "base/scope.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "config/file.h"
#include "jail/registry.h"
#include "jailmgr/store.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

Result<std::vector<std::string>> editor() {
  for (const char *variable : {"VISUAL", "EDITOR"}) {
    const char *value = getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    auto words = TRY_IN(variable, split_command(value));
    if (!words.empty()) return words;
  }
  return std::vector<std::string>{"vi"};
}

Status run_editor(std::vector<std::string> words, const std::string &file) {
  words.push_back(file);
  std::vector<char *> argv;
  for (auto &word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  fflush(stdout);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) {
    execvp(argv[0], argv.data());
    _exit(errno == ENOENT ? 127 : 126);
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const std::string name = printable(words[0]);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    return fail(ErrorKind::NotFound, fmt::format("editor {} cannot be run: set VISUAL or EDITOR", name));
  return fail(ErrorKind::System, fmt::format("editor {} did not end well; the configuration is as it was", name));
}

// The edited text, if it can take the old one's place.
Status judge(const Store &store, const JailName &name, const std::string &text) {
  const auto config = TRY(parse_jail(text, "jail.toml", name, store.default_root(name), TRY(store.common())));
  const auto old = store.load(name);
  if (old && old->root_kind != config.root_kind)
    return fail(ErrorKind::Usage,
                fmt::format("jail.toml: root.kind: the jail's root is {}, and editing does not convert it",
                            to_string(old->root_kind)));
  TRY(store.spec(config)); // what only the start would refuse
  return store.check_ports(name, config.spec.ports);
}

bool again(const Error &error) {
  if (isatty(STDIN_FILENO) == 0) return false;
  fmt::print(stderr, "{}\n", error.text());
  fmt::print(stderr, "Edit again? [Y/n] ");
  char answer[16];
  return fgets(answer, sizeof answer, stdin) != nullptr && trim(answer) != "n" && trim(answer) != "no";
}

Result<int> edit(const Call &call, const Store &store, const JailName &name) {
  const auto busy = sys::FileLock::try_acquire(store.jail_dir(name) + "/edit.lock");
  if (!busy && busy.error().kind() == ErrorKind::Busy)
    return fail(ErrorKind::Busy, fmt::format("somebody else edits the configuration of jail {}", name.str()));
  if (!busy) return std::unexpected(busy.error());
  const std::string file = TRY(store.config_file(name));
  const std::string before = TRY(read_file(file));
  const std::string copy = store.jail_dir(name) + "/edit.toml"; // a suffix by which editors know the language
  TRY(write_file(copy, before));
  const ScopeExit remove_copy([&] { unlink(copy.c_str()); });
  const auto words = TRY(editor());
  while (true) {
    TRY(run_editor(words, copy));
    const std::string after = TRY(read_file(copy));
    if (after == before) {
      fmt::print("Nothing was changed\n");
      return 0;
    }
    const Status good = judge(store, name, after);
    if (!good && again(good.error())) continue;
    TRY_IN("nothing was changed", Status(good));
    if (TRY(read_file(file)) != before)
      return fail(ErrorKind::Busy,
                  fmt::format("jail {}: its configuration was changed meanwhile, edit again", name.str()));
    TRY(write_file(file, after));
    fmt::print("Changed the configuration of jail {}{}\n", name.str(),
               is_running(call.instance, name) ? fmt::format("; it takes effect with 'jailmgr restart {}'", name.str())
                                               : "");
    return 0;
  }
}

} // namespace

Result<int> config(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr config [--show] name | --check file";
  bool show = false;
  bool check = false;
  std::vector<Option> options;
  options.push_back({0, "show", nullptr, "print it", set_flag(show), true});
  options.push_back({0, "check", nullptr, "the operand is a file: say what is wrong with it", set_flag(check), true});
  const auto parsed =
      TRY(parse(call, kUsage,
                "Edits a jail's configuration with VISUAL, EDITOR or vi; it is replaced only by one without errors.",
                std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  if (show && check) return fail(ErrorKind::Usage, "give --show or --check, not both");
  if (check) {
    TRY(load_jail(std::string(parsed.operands[0]), TRY(JailName::parse("x")), "/x",
                  TRY(load_common(call.instance.config_dir()))));
    fmt::print("{} is good\n", printable(parsed.operands[0]));
    return 0;
  }
  const auto name = TRY(JailName::parse(parsed.operands[0]));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  TRY(store.require(name));
  if (!show) return edit(call, store, name);
  fmt::print("{}", TRY(read_file(TRY(store.config_file(name)))));
  return 0;
}

} // namespace jailmgr
