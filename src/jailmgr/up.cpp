#include "jailmgr/verb.h"

#include "base/text.h"
#include "cli/form.h"
#include "cli/json.h"
#include "cli/limits.h"
#include "config/file.h"
#include "jail/limits.h"
#include "jailmgr/bulk.h"
#include "jailmgr/destroy.h"
#include "jailmgr/life.h"
#include "jailmgr/plan.h"
#include "jailmgr/preflight.h"
#include "jailmgr/provision.h"
#include "jailmgr/root.h"
#include "jailmgr/unit.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

struct Scope {
  std::vector<JailName> names{};   // all that are looked at
  std::vector<JailName> wanted{};  // those of them that are to run
  std::vector<JailName> orphans{}; // made, and without a configuration
  int broken = 0;                  // 1: a configuration cannot be read, and was reported
};

bool has(const std::vector<JailName> &names, const JailName &name) {
  return std::ranges::find(names, name) != names.end();
}

// Without names: all, and those marked for autostart are to run. With names: those, to run, and what they need.
Result<Scope> scope_of(const Call &call, const Store &store, const cli::Parsed &parsed, const Selection &selection) {
  Scope scope;
  const bool all = selection.all || (parsed.operands.empty() && selection.tags.empty());
  const auto everything = TRY(store.all_names());
  const auto chosen = all ? everything : TRY(named_jails(store, parsed, selection, &everything));
  for (const auto &name : chosen) {
    if (store.is_orphan(name)) {
      scope.orphans.push_back(name);
      continue;
    }
    const auto config = store.load(name);
    if (!config) {
      cli::report(call.program, config.error());
      scope.broken = 1;
      continue;
    }
    scope.names.push_back(name);
    if (!all || config->autostart) scope.wanted.push_back(name);
  }
  const auto needs = TRY(read_needs(store));
  scope.names = those_with_needs(call, store, needs, scope.names, scope.broken);
  std::erase_if(scope.wanted, [&](const JailName &name) { return !has(scope.names, name); });
  scope.wanted = TRY(with_dependencies(needs, scope.wanted));
  for (const auto &name : scope.wanted)
    if (!has(scope.names, name)) scope.names.push_back(name);
  return scope;
}

// Removing needs to be sure that the declarations are where they are looked for.
Status check_prune(const Store &store) {
  if (access(store.declaration_dir().c_str(), F_OK) == 0) return {};
  return fail(ErrorKind::NotFound,
              fmt::format("--prune: {} is not there, so no jail is taken to be without its declaration",
                          store.declaration_dir()));
}

Status make_jail(const Store &store, const JailConfig &config) {
  const JailName &name = config.spec.name;
  auto draft = TRY(store.draft(name));
  if (config.root_kind != RootKind::Plain) TRY(make_root(draft.dir(), store.base_dir(config.base), config));
  if (!store.contains(name)) return draft.commit(store, name);
  // A directory without its root: it was plain, or is half gone.
  const std::string to = store.default_root(name);
  if (renameat2(draft.dir(), "root", AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) return fail_errno(to);
  return {};
}

// Whatever ran before runs again when the new one does not come up.
Status restart_jail(const Instance &instance, const Store &store, const JailName &name) {
  const Spec before = TRY(spec_in_force(instance, name));
  {
    const auto lock = TRY(NameLock::acquire(instance, name));
    if (const auto state = TRY(state_of(instance, name)); state.row) TRY(take_down(instance, *state.row, lock));
  }
  const Status done = [&]() -> Status {
    if (TRY(start_by_unit(instance, name))) return {};
    {
      const auto lock = TRY(NameLock::acquire(instance, name));
      TRY(bring_up(instance, store, name, With::Command, lock));
    }
    return make_ready(instance, store, name);
  }();
  if (done) return {};
  const auto lock = TRY(NameLock::acquire(instance, name));
  const auto jid = register_jail(instance, before, lock);
  const Status back = jid ? start_supervisor(instance, *jid, before) : std::unexpected(jid.error());
  return fail(done.error().kind(),
              fmt::format("{}; {}", done.error().text(),
                          back ? "it runs as before" : "and as before it does not run either: " + back.error().text()));
}

Status change_limits_of(const Call &call, const JailName &name, const std::vector<std::string> &words) {
  const auto lock = TRY(NameLock::acquire(call.instance, name));
  const std::vector<std::string_view> views(words.begin(), words.end());
  const auto change = TRY(set_limits(call.instance, TRY(find_jail(call.instance, name.str())), views, lock));
  cli::print_warnings(call, change.warnings);
  return {};
}

Status carry_out(const Call &call, const Store &store, const JailName &name, bool wanted) {
  const Instance &instance = call.instance;
  const Plan plan = TRY(plan_jail(instance, store, name, wanted));
  const auto config = TRY(store.load(name));
  std::vector<std::string> done;
  if (!plan.restart.empty() && !plan.provision) // which may make what is missing
    TRY(check_start(call, store, config));
  else if (plan.start || !plan.restart.empty())
    TRY(cli::check_limits_of_host(call, config.spec.limits, config.spec.root));
  if (plan.make) {
    const auto lock = TRY(NameLock::acquire(instance, name));
    TRY(make_jail(store, config));
    done.emplace_back("made");
  }
  if (plan.provision) {
    TRY(provision(call, store, config, TRY(provision_script(store, config))));
    done.emplace_back("provisioned");
  }
  if (!plan.limits.empty()) {
    TRY(change_limits_of(call, name, plan.limits));
    done.push_back(fmt::format("limits changed ({})", fmt::join(plan.limits, " ")));
  }
  if (!plan.restart.empty()) {
    TRY(restart_jail(instance, store, name));
    done.push_back(fmt::format("restarted ({})", fmt::join(plan.restart, ", ")));
  }
  if (plan.start) {
    if (TRY(state_of(instance, name)).up() || !TRY(start_by_unit(instance, name))) {
      TRY(start_jail(instance, store, name));
      TRY(make_ready(instance, store, name));
    }
    done.emplace_back("started");
  }
  fmt::print("{}: {}\n", name.str(), done.empty() ? "nothing to do" : fmt::format("{}", fmt::join(done, ", ")));
  return {};
}

Status prune(const Call &call, const Store &store, const JailName &name) {
  const Status stopped = stop_jail(call.instance, name);
  if (!stopped && stopped.error().kind() != ErrorKind::NotFound) return stopped;
  return destroy_jail(call.instance, store, name);
}

struct Words {
  Selection selection;
  bool prune = false;
};

std::vector<Option> options_of(Words &words, bool with_jobs) {
  std::vector<Option> options;
  add_selection(options, words.selection, "every jail, as without names", with_jobs);
  options.push_back({0, "prune", nullptr, "destroy jails whose declaration is gone, with all their data",
                     set_flag(words.prune), true});
  return options;
}

Status check_words(const cli::Parsed &parsed, std::string_view usage, const Words &words) {
  const bool named = !parsed.operands.empty() || !words.selection.tags.empty();
  if (named || words.selection.all) TRY(check_selection(parsed, usage, words.selection));
  if (named && words.prune) return fail(ErrorKind::Usage, "--prune is about all jails: give no names with it");
  return {};
}

} // namespace

Result<int> plan(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr plan [-j] [--prune] [name ... | --tag TAG]";
  Words words;
  bool json = false;
  auto options = options_of(words, false);
  options.push_back({'j', "json", nullptr, "as JSON", set_flag(json), true});
  const auto parsed =
      TRY(parse(call, kUsage,
                "What 'jailmgr up' would do, and does nothing. Exits with 2 when that is something, with "
                "0 when all is as declared.",
                std::move(options)));
  if (parsed.help) return 0;
  TRY(check_words(parsed, kUsage, words));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  if (words.prune) TRY(check_prune(store));
  const auto scope = TRY(scope_of(call, store, parsed, words.selection));
  std::map<std::string, Plan> plans;
  const int failed = for_each_jail(call, scope.names, [&](const JailName &name) -> Status {
    plans[name.str()] = TRY(plan_jail(call.instance, store, name, has(scope.wanted, name)));
    return {};
  });
  for (const auto &name : scope.orphans) plans[name.str()].prune = words.prune;
  bool anything = false;
  auto list = cli::Json::array();
  for (const auto &[name, plan] : plans) {
    const auto texts = to_texts(plan);
    anything = anything || !plan.empty();
    const bool left = !words.prune && has(scope.orphans, *JailName::parse(name));
    const std::string nothing =
        left ? "nothing: its configuration is gone, and --prune would destroy it" : "nothing to do";
    if (json)
      list.push_back({{"name", name},
                      {"make", plan.make},
                      {"provision", plan.provision},
                      {"limits", plan.limits},
                      {"restart", plan.restart},
                      {"start", plan.start},
                      {"destroy", plan.prune},
                      {"orphan", left || plan.prune}});
    else
      fmt::print("{}: {}\n", name, texts.empty() ? nothing : fmt::format("{}", fmt::join(texts, "; ")));
  }
  if (json) {
    auto out = cli::json_document("jailmgr-plan-1");
    out["jails"] = std::move(list);
    cli::print_json(out);
  }
  if (!json && plans.empty()) fmt::print("no jails\n");
  if (failed != 0 || scope.broken != 0) return 1;
  return anything ? 2 : 0;
}

Result<int> up(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr up [options] [name ... | --tag TAG]";
  Words words;
  const auto parsed =
      TRY(parse(call, kUsage,
                "Makes jails be what their configurations say: makes those that are only declared, runs "
                "new provision scripts,\nchanges limits of running jails, restarts those that differ "
                "otherwise, and starts what is to run: jails marked\nfor autostart, or those named, and "
                "what they depend on. 'jailmgr plan' tells what it would do.",
                options_of(words, true)));
  if (parsed.help) return 0;
  TRY(check_words(parsed, kUsage, words));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  const auto busy = sys::FileLock::try_acquire(call.instance.data_dir() + "/up.lock");
  if (!busy && busy.error().kind() == ErrorKind::Busy) return fail(ErrorKind::Busy, "another 'jailmgr up' is at work");
  if (!busy) return std::unexpected(busy.error());
  if (words.prune) TRY(check_prune(store));
  TRY(store.clean());
  const auto scope = TRY(scope_of(call, store, parsed, words.selection));
  const auto needs = TRY(read_needs(store));
  int status = TRY(for_each_in_order(call, scope.names, needs, words.selection.jobs, [&](const JailName &name) {
    return carry_out(call, store, name, has(scope.wanted, name));
  }));
  for (const auto &name : scope.orphans)
    if (!words.prune)
      fmt::print("{}: left alone: its configuration is gone, and --prune would destroy it\n", name.str());
  if (words.prune)
    status = std::max(
        status, for_each_jail(call, scope.orphans, [&](const JailName &name) { return prune(call, store, name); }));
  return std::max(status, scope.broken);
}

} // namespace jailmgr
