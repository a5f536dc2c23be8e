#include "jailmgr/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/limits.h"
#include "config/file.h"
#include "jail/registry.h"
#include "jailmgr/disk.h"
#include "jailmgr/root.h"
#include "jailmgr/store.h"
#include "launch/root.h"
#include "model/spec_options.h"
#include "supervise/exec_access.h"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

struct Wanted {
  JailConfig config; // defaults of jailmgr.toml, then the command line
  std::optional<RootKind> root_kind;
  std::string plain_path;
  bool replace = false;
};

Status set_command(JailConfig &config, std::string_view line) {
  config.spec.command = TRY(split_command(line));
  if (config.spec.command.empty()) return fail(ErrorKind::Usage, "the command is empty");
  config.command_line = line;
  return check_command(config.spec.command);
}

Status set_root(Wanted &wanted, std::string_view text) {
  constexpr std::string_view kPlain = "plain:";
  if (text.starts_with(kPlain)) {
    wanted.root_kind = RootKind::Plain;
    wanted.plain_path = text.substr(kPlain.size());
    return check_path("root", wanted.plain_path, kRootPathMax);
  }
  wanted.root_kind = TRY(parse_root_kind(text));
  if (wanted.root_kind == RootKind::Plain)
    return fail(ErrorKind::Usage, "a plain root needs its path: plain:/srv/jail");
  return {};
}

std::vector<Option> options_of(Wanted &wanted) {
  JailConfig &config = wanted.config;
  std::vector<Option> options;
  options.push_back(
      {'a', "autostart", nullptr, "start it with 'jailmgr start --all', as at boot", set_flag(config.autostart), true});
  options.push_back({'x', "command", "LINE", "the supervised command, split into words as sh(1) does, run by no shell",
                     [&](std::string_view line) { return set_command(config, line); }, true});
  add_jail_options(options, {config.spec.profile, config.spec.permissions, config.spec.ports, config.spec.limits});
  add_action_option(options, config.spec.reactions);
  add_net_options(options, config.spec.net);
  add_log_options(options, config.spec.log);
  add_mount_option(options, config.spec.binds);
  add_exec_option(options, config.spec.exec_rules);
  options.push_back({0, "root", "thin|thick|plain:PATH",
                     "share the host's /usr read-only (default), copy it, or use a directory as it is",
                     [&](std::string_view text) { return set_root(wanted, text); }, true});
  add_restart_options(options, config.spec.restart);
  options.push_back({0, "hostname", "NAME", "host name in the jail (default its name)",
                     [&](std::string_view text) -> Status {
                       TRY(check_hostname(text));
                       config.spec.hostname = text;
                       return {};
                     },
                     true});
  options.push_back({0, "depends", "NAME[,NAME...]", "jails that are started, and ready, before it",
                     [&](std::string_view text) -> Status {
                       for (auto name : split(text, ',')) TRY(add_dependency(config, name));
                       return {};
                     },
                     false});
  options.push_back({0, "tags", "WORD[,WORD...]", "words to select jails by (jailmgr start --tag WORD)",
                     [&](std::string_view text) -> Status {
                       for (auto tag : split(text, ',')) TRY(add_tag(config.tags, tag));
                       return {};
                     },
                     false});
  options.push_back({0, "ready", "WHEN",
                     "it counts as ready: running (default), port:8080, file:/run/ready, command:LINE, alive:SECONDS",
                     [&](std::string_view text) -> Status {
                       config.ready = TRY(parse_readiness(text));
                       return {};
                     },
                     true});
  options.push_back({0, "replace", nullptr, "rewrite the configuration of a jail that exists; its data stay",
                     set_flag(wanted.replace), true});
  return options;
}

// Only the configuration changes, so the root has to be of the kind that it is.
Status replace(const Store &store, Wanted &wanted) {
  const JailName &name = wanted.config.spec.name;
  const auto old = TRY(store.load(name));
  const RootKind kind = wanted.root_kind.value_or(old.root_kind);
  if (kind != old.root_kind)
    return fail(ErrorKind::Usage, fmt::format("its root is {}, and --replace leaves data alone: destroy it first",
                                              to_string(old.root_kind)));
  wanted.config.root_kind = kind;
  wanted.config.base = old.base;
  wanted.config.spec.root = wanted.plain_path.empty() ? old.spec.root : wanted.plain_path;
  if (kind == RootKind::Plain) TRY(launch::open_root(wanted.config.spec.root));
  TRY(store.spec(wanted.config));
  return save_jail(TRY(store.config_file(name)), wanted.config, TRY(store.common()));
}

Status make(const Store &store, Wanted &wanted) {
  JailConfig &config = wanted.config;
  const JailName &name = config.spec.name;
  if (wanted.root_kind) config.root_kind = *wanted.root_kind;
  if (config.root_kind == RootKind::Plain) {
    config.spec.root = wanted.plain_path;
    TRY(launch::open_root(config.spec.root));
  }
  TRY(store.spec(config)); // what only the start would refuse
  auto draft = TRY(store.draft(name));
  if (config.root_kind != RootKind::Plain) TRY(make_root(draft.dir(), store.base_dir(config.base), config));
  TRY(save_jail(draft.path() + "/jail.toml", config, TRY(store.common())));
  return draft.commit(store, name);
}

// Before the command line: what every jail has, then what jailmgr.toml puts into new ones.
Result<JailConfig> start_of(const Call &call, const Store &store, const JailName &name) {
  const auto tool = TRY(load_tool(call.instance.config_dir() + "/jailmgr.toml"));
  const auto common = TRY(store.common());
  return new_jail(tool, TRY(parse_jail(fmt::format("version = {}", kConfigVersion), common.file, name,
                                       store.default_root(name), common)));
}

} // namespace

Result<int> create(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr create [options] name";
  constexpr std::string_view kAbout =
      "Makes a jail: its configuration and its root; nothing is started. What is not given comes from jailmgr.toml.\n"
      "Without -x the jail has no command: 'start' brings it up idle, for 'jailctl exec' and 'jailmgr apply'.";
  // Twice: what stands before the command line, which overrides it, is different for each name.
  const auto nobody = TRY(JailName::parse("_._"));
  Wanted words{.config = default_jail(nobody, "/x"), .root_kind = {}, .plain_path = {}};
  const auto parsed = TRY(parse(call, kUsage, kAbout, options_of(words)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  const auto name = TRY(JailName::parse(parsed.operands[0]));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  TRY(store.clean());
  const auto lock = TRY(NameLock::acquire(call.instance, name));
  if (access(store.declaration(name).c_str(), F_OK) == 0)
    return fail(ErrorKind::Exists, fmt::format("jail {} is declared in {}: edit that, and 'jailmgr up {}'", name.str(),
                                               store.declaration(name), name.str()));
  const bool there = store.contains(name);
  if (there && !words.replace)
    return fail(ErrorKind::Exists,
                fmt::format("jail {} exists already; --replace rewrites its configuration", name.str()));
  Wanted wanted{.config = TRY(start_of(call, store, name)), .root_kind = {}, .plain_path = {}};
  TRY(parse(call, kUsage, kAbout, options_of(wanted)));
  TRY(check_limits(wanted.config.spec.limits));
  TRY(check_reactions(wanted.config.spec.reactions, wanted.config.spec.limits, wanted.config.spec.restart));
  TRY(check_restart(wanted.config.spec.restart));
  TRY_IN("--ready", check_readiness(wanted.config));
  TRY(check_permissions(wanted.config.spec.permissions, wanted.config.spec.profile));
  TRY(cli::check_limits_of_host(call, wanted.config.spec.limits,
                                wanted.plain_path.empty() ? wanted.config.spec.root : wanted.plain_path));
  TRY(supervise::check_host_users(wanted.config.spec.exec_rules));
  TRY(check_disk(store, wanted.config));
  TRY(store.check_ports(name, wanted.config.spec.ports));
  TRY_IN(fmt::format("jail {}", name.str()), there ? replace(store, wanted) : make(store, wanted));
  fmt::print("{} jail {}{}\n", there ? "Replaced the configuration of" : "Created", name.str(),
             there && is_running(call.instance, name)
                 ? fmt::format("; it takes effect with 'jailmgr restart {}'", name.str())
                 : "");
  return 0;
}

} // namespace jailmgr
