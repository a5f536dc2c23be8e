#include "jailmgr/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "config/copy.h"
#include "config/file.h"
#include "jailmgr/disk.h"
#include "jailmgr/etc.h"
#include "jailmgr/life.h"
#include "jailmgr/progress.h"
#include "launch/root.h"
#include "sys/copy_tree.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

// Two names never have one root.
Status check_plain_root(const Store &store, const JailName &name, const std::string &root) {
  struct stat ours{};
  if (fstat(TRY(launch::open_root(root)).get(), &ours) != 0) return fail_errno(root);
  for (const auto &other : TRY(store.all_names())) {
    const auto config = store.load(other);
    struct stat theirs{};
    if (!config || other == name || stat(config->spec.root.c_str(), &theirs) != 0) continue;
    if (theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev)
      return fail(ErrorKind::Exists, fmt::format("{} is the root of jail {}", root, other.str()));
  }
  return {};
}

Status check_root_option(const JailConfig &config, const std::string &root) {
  const bool plain = config.root_kind == RootKind::Plain;
  const std::string &name = config.spec.name.str();
  if (plain && root.empty())
    return fail(ErrorKind::Usage,
                fmt::format("the root of jail {} is {}, which jailmgr does not copy: do that, and give the copy's with "
                            "--root",
                            name, config.spec.root));
  if (!plain && !root.empty())
    return fail(ErrorKind::Usage, fmt::format("--root is for jails with a plain root; that of jail {} is {}, and is "
                                              "copied",
                                              name, to_string(config.root_kind)));
  return {};
}

Status copy_root(const Store &store, const JailName &from, int to) {
  if (TRY(copy_image(store, from, to))) return {};
  const Fd dir(open(store.jail_dir(from).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) return fail_errno(store.jail_dir(from));
  Progress progress("the root");
  return sys::copy_tree(dir.get(), "root", to, "root", [&](uint64_t count) { progress(count); }, sys::Special::Copy);
}

Status make_copy(const Store &store, const JailName &from, const JailConfig &copy, const std::string &text) {
  const JailName &name = copy.spec.name;
  auto draft = TRY(store.draft(name));
  if (copy.root_kind != RootKind::Plain) {
    TRY(copy_root(store, from, draft.dir()));
    if (copy.spec.hostname.empty()) TRY(rename_host(draft.path(), from.str(), name.str()));
  }
  TRY(write_file(draft.path() + "/jail.toml", text));
  // Who destroys the original now must find the copy after a loss of power.
  if (syncfs(draft.dir()) != 0) return fail_errno(draft.path());
  return draft.commit(store, name);
}

// What the copy has otherwise, and what it has in common with the original.
// Does a word of the command have this number in it, by itself?
bool names_port(const std::vector<std::string> &command, uint16_t port) {
  const std::string number = fmt::format("{}", port);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::ranges::any_of(command, [&](const std::string &word) {
    for (auto at = word.find(number); at != std::string::npos; at = word.find(number, at + 1)) {
      const auto end = at + number.size();
      if ((at == 0 || !is_digit(word[at - 1])) && (end == word.size() || !is_digit(word[end]))) return true;
    }
    return false;
  });
}

void tell(const JailConfig &original, const JailConfig &copy) {
  const std::string &from = original.spec.name.str();
  const std::string &name = copy.spec.name.str();
  fmt::print("Cloned jail {} as {}\n", from, name);
  if (original.autostart) fmt::print("{}: not started at boot, as {} is\n", name, from);
  if (!original.spec.ports.empty() && copy.spec.ports.empty())
    fmt::print("{}: reserves no port; {} has {}\n", name, from, to_string(original.spec.ports));
  for (const auto &port : original.spec.ports)
    if (names_port(copy.spec.command, port.port))
      fmt::print("{0}: its command still names {1}, which {2} has: jailmgr config {0}\n", name, port.port, from);
  for (const auto &bind : copy.spec.binds)
    if (!bind.read_only) fmt::print("{}: shares {} with {}, writable\n", name, printable(bind.source), from);
}

Status clone_jail(const Instance &instance, const Store &store, const JailName &from, const JailName &to,
                  const CopyOptions &options) {
  const auto locks = TRY(lock_names(instance, {from, to}));
  const auto state = TRY(require_at_rest(instance, store, from));
  if (state.row) TRY(recover_jail(instance, *state.row, locks.front())); // one of two that are held together
  TRY(store.require_free(to));
  const std::string file = TRY(store.config_file(from));
  const auto original = TRY(store.load(from));
  TRY(check_root_option(original, options.root));
  if (!options.root.empty()) TRY(check_plain_root(store, to, options.root));
  const auto common = TRY(store.common());
  const std::string text = TRY(copy_jail(TRY(read_file(file)), file, to, store.default_root(to), options, common));
  const auto copy = TRY(parse_jail(text, file, to, store.default_root(to), common));
  TRY(store.spec(copy)); // what only the start would refuse
  TRY(store.check_ports(to, copy.spec.ports));
  if (access(store.image_file(from).c_str(), F_OK) != 0) TRY(check_disk(store, copy));
  TRY_IN(fmt::format("jail {}", to.str()), make_copy(store, from, copy, text));
  tell(original, copy);
  return {};
}

} // namespace

Result<int> clone(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr clone [-r port,...] [--root path] source name";
  CopyOptions wanted;
  std::vector<Option> options;
  options.push_back({'r', "reserve", "PORT[,PORT...]", "its ports (default: none; two jails cannot have the same)",
                     [&](std::string_view text) { return add_ports(wanted.ports, text); }, false});
  options.push_back({0, "root", "PATH", "its root, where that of the source is plain: a directory that is there",
                     [&](std::string_view path) -> Status {
                       TRY(check_path("root", path, kRootPathMax));
                       wanted.root = path;
                       return {};
                     },
                     true});
  const auto parsed = TRY(parse(call, kUsage,
                                "Makes a jail with the configuration and a copy of the root of one that is down. It is "
                                "not started at boot and\nhas no ports but those that are given; blocks are shared "
                                "where the file system can. Logs and history do not come along.",
                                std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 2, 2));
  const auto from = TRY(JailName::parse(parsed.operands[0]));
  const auto to = TRY(JailName::parse(parsed.operands[1]));
  if (from == to) return fail(ErrorKind::Usage, fmt::format("jail {} cannot be a copy of itself", from.str()));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  TRY(store.clean());
  TRY(clone_jail(call.instance, store, from, to, wanted));
  return 0;
}

} // namespace jailmgr
