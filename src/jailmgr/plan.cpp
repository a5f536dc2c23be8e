#include "jailmgr/plan.h"

#include "config/file.h"
#include "jail/limits.h"
#include "jailmgr/life.h"
#include "launch/root.h"
#include "sys/file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

// Words that turn one into the other.
std::vector<std::string> limit_changes(const Limits &from, const Limits &to) {
  std::vector<std::string> words;
  for (const auto &key : limit_keys()) {
    const auto text = key.text(to);
    if (text != key.text(from)) words.push_back(fmt::format("{}={}", key.name, text.empty() ? "none" : text));
  }
  return words;
}

// Keys of jail.toml by which two specs differ, but limits.
std::vector<std::string> differences(const Spec &from, const Spec &to) {
  std::vector<std::string> keys;
  const auto compare = [&](const char *key, bool same) {
    if (!same) keys.emplace_back(key);
  };
  compare("command", from.command == to.command);
  compare("profile", from.profile == to.profile);
  compare("allow", from.permissions.allow == to.permissions.allow);
  compare("deny", from.permissions.deny == to.permissions.deny);
  compare("ports", from.ports == to.ports);
  compare("root", from.root == to.root);
  compare("net", from.net == to.net);
  compare("mount", from.binds == to.binds);
  compare("restart", from.restart == to.restart);
  compare("stop_grace", from.stop_grace_ms == to.stop_grace_ms);
  compare("log", from.log == to.log);
  compare("limits.action", from.reactions == to.reactions);
  compare("health", from.health == to.health);
  compare("hooks", from.hooks == to.hooks);
  compare("exec", from.exec_rules == to.exec_rules);
  compare("hostname", from.hostname == to.hostname);
  Spec rest = from;
  rest.limits = to.limits;
  if (keys.empty() && rest != to) keys.emplace_back("others"); // whatever a spec has besides
  return keys;
}

// Is there a root of the kind that is declared? A thin one has nothing below usr.
Result<bool> has_root(const Store &store, const JailConfig &config) {
  if (config.root_kind == RootKind::Plain) {
    TRY(launch::open_root(config.spec.root));
    return true;
  }
  if (access(store.image_file(config.spec.name).c_str(), F_OK) == 0) return true;
  const std::string root = store.default_root(config.spec.name);
  const Fd usr(open((root + "/usr").c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!usr && errno == ENOENT && access(root.c_str(), F_OK) != 0) return false;
  if (!usr) return fail_errno(root + "/usr");
  constexpr size_t kEmpty = 2; // "." and ".."
  if (config.root_kind == RootKind::Thick && TRY(sys::names_in(usr.get())).size() <= kEmpty)
    return fail(ErrorKind::Usage, "root.kind: the jail's root is thin, and is not converted: destroy the jail first");
  return true;
}

void plan_running(const Spec &in_force, const Spec &wanted, Plan &plan) {
  plan.restart = differences(in_force, wanted);
  if (plan.provision) plan.restart.emplace_back("provision");
  if (plan.restart.empty()) plan.limits = limit_changes(in_force.limits, wanted.limits);
}

} // namespace

Result<std::string> provision_script(const Store &store, const JailConfig &config) {
  if (config.provision_script.empty()) return std::string();
  return TRY_IN("provision.script", TRY(store.common()).read_include(config.provision_script));
}

Result<Plan> plan_jail(const Instance &instance, const Store &store, const JailName &name, bool wanted) {
  Plan plan;
  const auto config = TRY(store.load(name));
  const Spec spec = TRY(store.spec(config));
  TRY(store.check_ports(name, spec.ports));
  plan.make = !TRY(has_root(store, config)) || !store.contains(name);
  if (const auto script = TRY(provision_script(store, config)); !script.empty()) {
    const auto last = read_file(store.provisioned_file(name));
    plan.provision = !last || *last != script;
  }
  if (plan.make) {
    plan.start = wanted;
    return plan;
  }
  const auto state = TRY(state_of(instance, name));
  if (state.up() && (state.word != "idle" || spec.command.empty())) {
    plan_running(TRY(spec_in_force(instance, name)), spec, plan);
  } else if (state.up()) { // without its command: somebody works there, or will be back
    plan.start = wanted;
    if (!wanted) plan.limits = limit_changes(TRY(spec_in_force(instance, name)).limits, spec.limits);
  } else if (state.word == "ended") { // as its policy says, unless it is another command now
    const auto registered = registered_spec(instance, name);
    plan.start = wanted && (plan.provision || !registered || *registered != spec);
  } else {
    plan.start = wanted;
  }
  return plan;
}

std::vector<std::string> to_texts(const Plan &plan) {
  std::vector<std::string> texts;
  if (plan.make) texts.emplace_back("make it");
  if (plan.provision) texts.emplace_back("run its provision script");
  if (!plan.limits.empty()) texts.push_back(fmt::format("change limits as it runs: {}", fmt::join(plan.limits, " ")));
  if (!plan.restart.empty()) texts.push_back(fmt::format("restart for {}", fmt::join(plan.restart, ", ")));
  if (plan.start) texts.emplace_back("start");
  if (plan.prune) texts.emplace_back("stop and destroy it with all its data: it has no configuration any more");
  return texts;
}

} // namespace jailmgr
