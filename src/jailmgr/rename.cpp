#include "jailmgr/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "jailmgr/life.h"
#include "jailmgr/renaming.h"

#include <algorithm>
#include <fmt/format.h>
#include <glob.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

// The jail's files are in its directory, or its declaration has the new name already.
Status check_files(const Instance &instance, const Store &store, const JailName &from, const JailName &to) {
  const auto there = [](const std::string &path) { return access(path.c_str(), F_OK) == 0; };
  if (store.contains(to)) return fail(ErrorKind::Exists, fmt::format("jail {} exists already", to.str()));
  if (there(store.declaration(from)))
    return fail(ErrorKind::Usage,
                fmt::format("jail {} is declared in {}, which is yours to change: name that {}.toml, then repeat this",
                            from.str(), store.declaration(from), to.str()));
  if (there(store.own_file(from))) {
    TRY(store.require_free(to));
  } else if (!there(store.declaration(to))) {
    return fail(ErrorKind::NotFound, fmt::format("jail {} has no configuration any more: neither {} nor {} is there",
                                                 from.str(), store.own_file(from), store.declaration(to)));
  }
  for (const char *lock : {"edit.lock", "apply.lock"})
    if (sys::FileLock::held(store.jail_dir(from) + "/" + lock))
      return fail(ErrorKind::Busy,
                  fmt::format("somebody edits the configuration of jail {}, or runs a script in it", from.str()));
  if (there(instance.log_file(to)))
    return fail(ErrorKind::Exists,
                fmt::format("{} is there, of another jail of that name: move it away first", instance.log_file(to)));
  return {};
}

// What an administrator made for the unit of this jail, by hand.
Status check_units(const Instance &instance, const JailName &name) {
  if (!instance.name().empty()) return {};
  for (const auto &pattern : {fmt::format("/etc/systemd/system/*/jail@{}.service", name.str()),
                              fmt::format("/etc/systemd/system/jail@{}.service*", name.str())}) {
    glob_t found{};
    const bool any = glob(pattern.c_str(), 0, nullptr, &found) == 0 && found.gl_pathc > 0;
    const std::string first = any ? found.gl_pathv[0] : "";
    globfree(&found);
    if (any)
      return fail(ErrorKind::Busy, fmt::format("{} is for jail {}: take it away first", printable(first), name.str()));
  }
  return {};
}

std::string listed(const std::vector<JailName> &names) {
  std::string text;
  for (const auto &name : names) text += (text.empty() ? "" : ", ") + name.str();
  return text;
}

Status rename_jail(const Instance &instance, const Store &store, const JailName &from, const JailName &to) {
  const auto up = sys::FileLock::try_acquire(instance.data_dir() + "/up.lock");
  if (!up) return fail(ErrorKind::Busy, "a 'jailmgr up' or another rename is at work");
  TRY(store.require(from));
  TRY(check_files(instance, store, from, to));
  auto names = TRY(check_mentions(store, from, to));
  names.insert(names.end(), {from, to});
  const auto locks = TRY(lock_names(instance, names));
  // Again, now that nobody else changes any of them.
  const auto state = TRY(require_at_rest(instance, store, from));
  TRY(check_files(instance, store, from, to));
  TRY(check_units(instance, from));
  const auto mentioning = TRY(check_mentions(store, from, to));
  for (const auto &name : mentioning)
    if (std::ranges::find(names, name) == names.end())
      return fail(ErrorKind::Busy, fmt::format("the configuration of jail {} was changed meanwhile", name.str()));
  if (state.row) TRY(take_down(instance, *state.row, locks.front())); // one of several that are held together
  TRY(store.move(from, to));
  TRY_IN(fmt::format("jail {} is {} now, and the next command goes on with what is left", from.str(), to.str()),
         finish_rename(instance, store, from, to, mentioning));
  fmt::print("Renamed jail {} to {}\n", from.str(), to.str());
  if (mentioning.empty()) return {};
  fmt::print("{}: mention {} now\n", listed(mentioning), to.str());
  std::vector<JailName> running;
  for (const auto &name : mentioning)
    if (is_running(instance, name)) running.push_back(name);
  if (!running.empty()) fmt::print("{}: to be restarted, for that to take effect\n", listed(running));
  return {};
}

} // namespace

Result<int> rename(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr rename old new";
  const auto parsed = TRY(parse(call, kUsage,
                                "Gives a jail that is down another name: its directory with configuration and root, "
                                "its logs, and what other jails'\nconfigurations say of it (depends, net.connect). "
                                "A jail that is declared in jails.d is renamed there first.",
                                {}));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 2, 2));
  const auto from = TRY(JailName::parse(parsed.operands[0]));
  const auto to = TRY(JailName::parse(parsed.operands[1]));
  if (from == to) return fail(ErrorKind::Usage, fmt::format("jail {} has that name already", from.str()));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  TRY(store.clean());
  TRY(rename_jail(call.instance, store, from, to));
  return 0;
}

} // namespace jailmgr
