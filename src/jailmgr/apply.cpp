#include "jailmgr/verb.h"

#include "cli/arguments.h"
#include "jail/enter.h"
#include "jailmgr/life.h"
#include "jailmgr/script.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

struct Request {
  JailName name;
  std::string_view script; // path, "-" or empty
  std::vector<std::string> arguments;
  bool ephemeral = false;
};

// What apply has to put back.
struct Before {
  bool was_up = false;
  bool was_registered = false;
};

// From here on a signal is for the script; whoever reads it (exec_in_jail) passes it on, and we clean up after it.
void hold_signals() {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&mask, number);
  sigprocmask(SIG_BLOCK, &mask, nullptr);
}

Status null_input() {
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null || dup2(null.get(), STDIN_FILENO) < 0) return fail_errno("/dev/null");
  return {};
}

Result<Before> ensure_up(const Instance &instance, const Store &store, const JailName &name) {
  const auto lock = TRY(NameLock::acquire(instance, name));
  const auto state = TRY(state_of(instance, name));
  if (!state.up()) TRY(bring_up(instance, store, name, With::Nothing, lock));
  return Before{.was_up = state.up(), .was_registered = state.row.has_value()};
}

Result<int> run_script(const Instance &instance, const Spec &spec, const Request &request, std::string_view text) {
  const auto file = TRY(ScriptFile::place(spec, text));
  supervise::ExecRequest exec;
  if (const char *term = getenv("TERM"); term != nullptr) exec.environment.push_back(std::string("TERM=") + term);
  exec.command = {"/bin/sh", file.path()};
  exec.command.insert(exec.command.end(), request.arguments.begin(), request.arguments.end());
  auto outcome = TRY(exec_in_jail(instance, spec.name, std::move(exec)));
  if (!outcome.failure.empty()) fmt::print(stderr, "jailmgr: {}\n", outcome.failure);
  return outcome.exit_status;
}

// Back to what it was: down, or registered without a supervisor. A start by somebody else meanwhile stands.
Status put_back(const Instance &instance, const JailName &name, const Before &before) {
  const auto lock = TRY(NameLock::acquire(instance, name));
  const auto state = TRY(state_of(instance, name));
  if (!state.row || (state.up() && state.word != "idle")) return {};
  if (!before.was_registered) return take_down(instance, *state.row, lock);
  if (state.up()) return stop_supervisor(instance, *state.row, supervise::kOwnGrace, lock);
  return {};
}

Result<int> apply_script(const Call &call, const Store &store, const Request &request) {
  const auto config = TRY(store.load(request.name));
  const auto text = TRY(read_script(request.script));
  if (request.script.empty() || request.script == "-") TRY(null_input());
  // One script at a time: an ephemeral one ends the jail under the feet of another.
  const auto turn = TRY(sys::FileLock::acquire(store.jail_dir(request.name) + "/apply.lock"));
  hold_signals();
  const auto before = TRY(ensure_up(call.instance, store, request.name));
  auto status = run_script(call.instance, config.spec, request, text);
  if (before.was_up || (!request.ephemeral && status)) return status;
  const Status back = put_back(call.instance, request.name, before);
  if (!back && status && *status == 0) return std::unexpected(Error(back.error()).context("putting the jail back"));
  if (!back) cli::report(call.program, Error(back.error()).context("putting the jail back"));
  return status;
}

} // namespace

Result<int> apply(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr apply [--ephemeral] name [script | -] [-- argument ...]";
  constexpr std::string_view kAbout =
      "Runs a script by /bin/sh in the jail, as its root; exits with the script's status. Without a script, or with "
      "'-',\n"
      "it is read from standard input. A jail that is down is started without its command and stays up so; with\n"
      "--ephemeral it is stopped again. What the script writes stays; the configuration is not touched.";
  bool ephemeral = false;
  std::vector<Option> options;
  options.push_back({0, "ephemeral", nullptr, "stop the jail again if apply started it", set_flag(ephemeral), true});
  int words = 1; // what stands behind "--" is the script's, options included
  while (words < call.argc && strcmp(call.argv[words], "--") != 0) words++;
  const auto parsed =
      TRY(cli::parse({call.program, call.instance, words, call.argv}, kUsage, kAbout, std::move(options)));
  if (parsed.help) return 0;
  TRY(cli::want_operands(parsed, kUsage, 1, 2));
  Request request{
      .name = TRY(JailName::parse(parsed.operands[0])), .script = {}, .arguments = {}, .ephemeral = ephemeral};
  if (parsed.operands.size() == 2) request.script = parsed.operands[1];
  if (words < call.argc) request.arguments.assign(call.argv + words + 1, call.argv + call.argc);
  TRY(cli::need_root(call));
  return apply_script(call, TRY(Store::open(call.instance)), request);
}

} // namespace jailmgr
