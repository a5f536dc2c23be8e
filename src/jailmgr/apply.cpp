#include "jailmgr/verb.h"

#include "cli/arguments.h"
#include "jailmgr/provision.h"
#include "jailmgr/script.h"

#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

Result<int> apply_script(const Call &call, const Store &store, const JailName &name, std::string_view script,
                         ScriptRun run) {
  const auto config = TRY(store.load(name));
  TRY(store.require(name));
  const auto text = TRY(read_script(script));
  if (script.empty() || script == "-") {
    const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null || dup2(null.get(), STDIN_FILENO) < 0) return fail_errno("/dev/null");
  }
  run.text = text;
  return run_in_jail(call, store, config, run);
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
  const auto name = TRY(JailName::parse(parsed.operands[0]));
  ScriptRun run{.text = {}, .arguments = {}, .ephemeral = ephemeral};
  if (words < call.argc) run.arguments.assign(call.argv + words + 1, call.argv + call.argc);
  TRY(cli::need_root(call));
  const auto store = TRY(Store::open(call.instance));
  return apply_script(call, store, name, parsed.operands.size() == 2 ? parsed.operands[1] : "", std::move(run));
}

} // namespace jailmgr
