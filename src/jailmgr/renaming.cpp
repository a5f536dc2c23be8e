#include "jailmgr/renaming.h"

#include "config/copy.h"
#include "config/file.h"
#include "jailmgr/etc.h"
#include "jailmgr/life.h"
#include "journal/store.h"
#include "log/files.h"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

// A path of the configuration at or below a directory; empty: there is none.
std::string path_below(const JailConfig &config, const std::string &directory) {
  const Spec &spec = config.spec;
  if (config.root_kind == RootKind::Plain && is_at_or_below(spec.root, directory)) return spec.root;
  for (const auto &bind : spec.binds)
    if (is_at_or_below(bind.source, directory)) return bind.source;
  for (size_t i = 0; i < kHookPoints; i++) {
    if (is_in_jail(static_cast<HookPoint>(i))) continue;
    for (const auto &command : spec.hooks.points.at(i))
      if (is_at_or_below(command[0], directory)) return command[0];
  }
  for (const auto &reaction : spec.reactions)
    if (!reaction.command.empty() && is_at_or_below(reaction.command[0], directory)) return reaction.command[0];
  return "";
}

// The text of a jail's file with the other name in it; nothing: it need not change. as: what the jail will be called.
Result<std::optional<std::string>> with_other_name(const Store &store, const std::string &file, const JailName &as,
                                                   const JailName &from, const JailName &to) {
  return rename_mentioned(TRY(read_file(file)), file, as, store.default_root(as), from, to, TRY(store.common()));
}

Status check_paths(const Store &store, const JailConfig &config, const std::string &file, const JailName &from) {
  const std::string path = path_below(config, store.jail_dir(from));
  if (path.empty()) return {};
  return fail(ErrorKind::Usage, fmt::format("{} has {}, which is below the directory of jail {}: change that first",
                                            file, path, from.str()));
}

Status refuse_declared(const Store &store, const std::string &file, const JailName &owner, const JailName &from) {
  if (file == store.own_file(owner)) return {};
  return fail(ErrorKind::Usage,
              fmt::format("{} mentions jail {}, and is yours to change: do that first", file, from.str()));
}

Status rewrite(const Store &store, const JailName &name, const JailName &from, const JailName &to) {
  const std::string file = store.own_file(name);
  if (access(file.c_str(), F_OK) != 0) return {}; // declared: it mentions nothing, or was refused
  if (const auto text = TRY(with_other_name(store, file, name, from, to))) TRY(write_file(file, *text));
  return {};
}

} // namespace

Result<std::vector<JailName>> check_mentions(const Store &store, const JailName &from, const JailName &to) {
  std::vector<JailName> mentioning;
  const auto own = access(store.own_file(from).c_str(), F_OK) == 0 ? store.own_file(from) : store.declaration(to);
  const auto config = TRY(load_jail(own, to, store.default_root(to), TRY(store.common())));
  TRY(check_paths(store, config, own, from));
  if (TRY(with_other_name(store, own, to, from, to))) TRY(refuse_declared(store, own, from, from));
  for (const auto &name : TRY(store.all_names())) {
    if (name == from || name == to) continue;
    const auto other = store.load(name);
    if (!other) continue; // one that cannot be read cannot be started either
    const std::string file = TRY(store.config_file(name));
    TRY(check_paths(store, *other, file, from));
    if (!mentions(*other, from)) continue;
    TRY(refuse_declared(store, file, name, from));
    TRY(with_other_name(store, file, name, from, to));
    mentioning.push_back(name);
  }
  return mentioning;
}

Status finish_rename(const Instance &instance, const Store &store, const JailName &from, const JailName &to,
                     const std::vector<JailName> &mentioning) {
  for (const auto &name : mentioning) TRY(rewrite(store, name, from, to));
  TRY(rewrite(store, to, from, to));
  const auto config = TRY(store.load(to));
  if (config.root_kind != RootKind::Plain && config.spec.hostname.empty())
    TRY(rename_host(store.jail_dir(to), from.str(), to.str()));
  log::move_files(instance.log_file(from), instance.log_file(to));
  TRY(journal::move_last(instance, from, to));
  store.end_move(to);
  return {};
}

void finish_killed_rename(const Instance &instance, const Store &store, const JailName &to) {
  const auto from = store.moved_from(to);
  if (!from) return store.end_move(to);
  std::vector<JailName> mentioning;
  const auto all = store.all_names();
  if (!all) return;
  for (const auto &name : *all)
    if (const auto config = store.load(name); config && mentions(*config, *from)) mentioning.push_back(name);
  auto names = mentioning;
  names.insert(names.end(), {*from, to});
  const auto locks = lock_names(instance, names);
  if (!locks || store.moved_from(to) != from) return; // whoever was at work is done by now
  if (store.contains(*from) || !store.contains(to)) return store.end_move(to);
  (void)finish_rename(instance, store, *from, to, mentioning);
}

} // namespace jailmgr
