#include "jailmgr/provision.h"

#include "config/file.h"
#include "jail/enter.h"
#include "jailmgr/life.h"
#include "jailmgr/script.h"
#include "launch/root.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

// What a run has to put back.
struct Before {
  bool was_up = false;
  bool was_registered = false;
};

// From here on a signal is for the script; whoever reads it (exec_in_jail) passes it on, and we clean up after it.
class HeldSignals {
public:
  HeldSignals() {
    sigset_t mask;
    sigemptyset(&mask);
    for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2}) sigaddset(&mask, number);
    sigprocmask(SIG_BLOCK, &mask, &before_);
  }
  HeldSignals(const HeldSignals &) = delete;
  HeldSignals &operator=(const HeldSignals &) = delete;
  ~HeldSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_{};
};

Result<Before> ensure_up(const Instance &instance, const Store &store, const JailName &name) {
  const auto lock = TRY(NameLock::acquire(instance, name));
  const auto state = TRY(state_of(instance, name));
  if (!state.up()) TRY(bring_up(instance, store, name, With::Nothing, lock));
  return Before{.was_up = state.up(), .was_registered = state.row.has_value()};
}

// What is in an image only the jail has mounted.
Result<Fd> root_of(const Instance &instance, const Spec &spec) {
  if (TRY(spec_in_force(instance, spec.name)).image.empty()) return launch::open_root(spec.root);
  const auto row = TRY(find_jail(instance, spec.name.str()));
  Fd root(open(fmt::format("/proc/{}/root", row.anchor).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno("root of the jail");
  return root;
}

Result<int> run_script(const Instance &instance, const Spec &spec, const ScriptRun &run) {
  const auto file = TRY(ScriptFile::place(spec, TRY(root_of(instance, spec)), run.text));
  supervise::ExecRequest exec;
  if (const char *term = getenv("TERM"); term != nullptr) exec.environment.push_back(std::string("TERM=") + term);
  exec.command = {"/bin/sh", file.path()};
  exec.command.insert(exec.command.end(), run.arguments.begin(), run.arguments.end());
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

} // namespace

Result<int> run_in_jail(const cli::Call &call, const Store &store, const JailConfig &config, const ScriptRun &run) {
  const JailName &name = config.spec.name;
  // One script at a time: an ephemeral one ends the jail under the feet of another.
  const auto turn = TRY(sys::FileLock::acquire(store.jail_dir(name) + "/apply.lock"));
  const HeldSignals held;
  const auto before = TRY(ensure_up(call.instance, store, name));
  auto status = run_script(call.instance, config.spec, run);
  if (before.was_up || (!run.ephemeral && status)) return status;
  const Status back = put_back(call.instance, name, before);
  if (!back && status && *status == 0) return std::unexpected(Error(back.error()).context("putting the jail back"));
  if (!back) cli::report(call.program, Error(back.error()).context("putting the jail back"));
  return status;
}

Status provision(const cli::Call &call, const Store &store, const JailConfig &config, std::string_view script) {
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null || dup2(null.get(), STDIN_FILENO) < 0) return fail_errno("/dev/null");
  const int status = TRY_IN("provision", run_in_jail(call, store, config, {.text = script, .ephemeral = true}));
  if (status != 0)
    return fail(ErrorKind::System,
                fmt::format("jail {}: the provision script {} ended with {}; the next 'jailmgr up' runs it again",
                            config.spec.name.str(), config.provision_script, status));
  return write_file(store.provisioned_file(config.spec.name), script);
}

} // namespace jailmgr
