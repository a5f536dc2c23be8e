#include "jailmgr/verb.h"

#include "base/text.h"
#include "jailmgr/bulk.h"
#include "jailmgr/destroy.h"
#include "jailmgr/disk.h"
#include "jailmgr/life.h"
#include "journal/store.h"
#include "log/files.h"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

// One jail that is named is meant; several may be a slip.
Status confirm(std::span<const JailName> names) {
  if (isatty(STDIN_FILENO) == 0)
    return fail(ErrorKind::Usage,
                fmt::format("this would destroy {} jails: --yes says that it is meant", names.size()));
  std::string text;
  for (const auto &name : names) text += (text.empty() ? "" : ", ") + name.str();
  fmt::print("Destroy {} jails with all their data ({})? [y/N] ", names.size(), text);
  fflush(stdout);
  char answer[16];
  if (fgets(answer, sizeof answer, stdin) == nullptr || (trim(answer) != "y" && trim(answer) != "yes"))
    return fail(ErrorKind::System, "nothing was destroyed");
  return {};
}

} // namespace

Status destroy_jail(const Instance &instance, const Store &store, const JailName &name) {
  const auto lock = TRY(NameLock::acquire(instance, name));
  const auto state = TRY(require_at_rest(instance, store, name));
  if (state.row) TRY(take_down(instance, *state.row, lock));
  release_disk(store, name);
  const auto config = store.load(name); // may be broken: that is no reason to keep it
  TRY(store.remove(name));
  log::remove_files(instance.log_file(name));
  journal::remove_last(instance, name);
  const bool plain = config && config->root_kind == RootKind::Plain;
  const std::string declaration = store.declaration(name);
  const bool declared = access(declaration.c_str(), F_OK) == 0;
  fmt::print("Destroyed jail {}{}{}\n", name.str(),
             plain ? fmt::format("; its root {} is kept", config->spec.root) : "",
             declared ? fmt::format("; it is still declared in {}", declaration) : "");
  return {};
}

Result<int> destroy(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr destroy [--yes] name ... | --tag TAG | --all";
  Selection selection;
  bool yes = false;
  std::vector<Option> options;
  add_selection(options, selection, "every jail", false);
  options.push_back({'y', "yes", nullptr, "do not ask about several jails", set_flag(yes), true});
  const auto parsed = TRY(parse(
      call, kUsage,
      "Removes jails: configuration, root and log. Refused while a jail runs or something is mounted below it. The\n"
      "directory of a plain root is kept.",
      std::move(options)));
  if (parsed.help) return 0;
  TRY(check_selection(parsed, kUsage, selection));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  TRY(store.clean());
  const auto names = selection.all ? TRY(store.names()) : TRY(named_jails(store, parsed, selection));
  if (!yes && names.size() > 1)
    for (const auto &name : names) TRY(store.require(name)); // nobody is asked about what there is not
  if (!yes && (names.size() > 1 || (selection.all && !names.empty()))) TRY(confirm(names));
  return for_each_jail(call, names, [&](const JailName &name) { return destroy_jail(call.instance, store, name); });
}

} // namespace jailmgr
