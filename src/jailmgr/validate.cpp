#include "jailmgr/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "config/document.h"
#include "config/file.h"
#include "jailmgr/store.h"
#include "model/order.h"
#include "supervise/exec_access.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

struct Judged {
  std::string file;
  JailConfig config;
  TomlTable own; // the file without what it includes
};

class Validation {
public:
  explicit Validation(const Call &call) : call_(call) {}

  void say(const std::string &text) { // once: what is wrong with the defaults is wrong with each jail
    if (std::ranges::find(said_, text) == said_.end()) said_.push_back(text);
  }

  void tool(const std::string &file, Trust trust) {
    const auto text = trust == Trust::Checked ? read_file(file) : read_any_file(file);
    if (!text) return say(text.error().text());
    files_++;
    for (const auto &line : check_tool(*text, file)) say(line);
  }

  void jail(const std::string &file, const JailName &name, const Common &common, Trust trust) {
    const auto text = trust == Trust::Checked ? read_file(file) : read_any_file(file);
    if (!text) return say(text.error().text());
    files_++;
    const auto wrong = check_jail(*text, file, name, kRoot, common);
    for (const auto &line : wrong) say(line);
    if (!wrong.empty()) return;
    Judged judged{.file = file,
                  .config = *parse_jail(*text, file, name, kRoot, common),
                  .own = parse_toml(*text, file).value_or(TomlTable())};
    if (judged.config.version == 1) warn_of_literals(*text, file, common);
    jails_.push_back(std::move(judged));
  }

  // What no file says by itself: jails that are not there, loops, ports of two jails.
  void together() {
    Needs needs;
    for (const auto &jail : jails_) needs[jail.config.spec.name.str()] = jail.config.depends;
    for (const auto &jail : jails_)
      for (const auto &other : jail.config.depends)
        if (!needs.contains(other)) at(jail, "depends", fmt::format("there is no jail '{}'", other));
    std::vector<std::string> names;
    for (const auto &[name, others] : needs) names.push_back(name);
    if (const auto order = in_order(needs, names); !order) say(order.error().text());
    for (size_t i = 0; i < jails_.size(); i++)
      for (size_t k = 0; k < i; k++) compare_ports(jails_[i], jails_[k]);
  }

  // What holds on this host only.
  void users() {
    for (const auto &jail : jails_)
      if (const auto known = supervise::check_host_users(jail.config.spec.exec_rules); !known)
        at(jail, "exec", known.error().text());
  }

  int finish() {
    for (const auto &line : said_) fmt::print("{}\n", line);
    if (!said_.empty()) return 1;
    fmt::print("{} good\n", files_ == 1 ? last_ + " is" : fmt::format("{} files are", files_));
    return 0;
  }

  void one(const std::string &file) { last_ = printable(file); }

private:
  static constexpr std::string_view kRoot = "/jail"; // no rule depends on it

  void at(const Judged &jail, std::string_view key, const std::string &text) {
    const auto entry = std::ranges::find(jail.own, key, &TomlEntry::key);
    const std::string line = entry == jail.own.end() ? "" : fmt::format(":{}", entry->line); // else it was included
    say(fmt::format("{}{}: key '{}': {}", printable(jail.file), line, key, text));
  }

  void compare_ports(const Judged &jail, const Judged &other) {
    for (const auto &port : jail.config.spec.ports)
      for (const auto &taken : other.config.spec.ports)
        if (overlap(port, taken))
          at(jail, "ports",
             fmt::format("port {} is reserved by jail {} ({})", to_string(port), other.config.spec.name.str(),
                         printable(other.file)));
  }

  // No error: the file means what it meant when it was written.
  void warn_of_literals(std::string_view text, const std::string &file, const Common &common) {
    std::vector<std::string> names{"name"};
    for (const auto &variable : common.variables) names.push_back(variable.key);
    for (const auto &name : names)
      if (text.contains(fmt::format("${{{}}}", name)))
        fmt::print(stderr,
                   "{}: warning: {}: '${{{}}}' is plain text in a file of version 1; version = 2 makes it a variable\n",
                   call_.program, printable(file), printable(name));
  }

  const Call &call_;
  std::vector<std::string> said_;
  std::vector<Judged> jails_;
  size_t files_ = 0;
  std::string last_;
};

std::string_view stem_of(std::string_view file) { return file.substr(0, file.rfind('.')); }

bool is_directory(const std::string &path) {
  struct stat st{};
  return stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

// A configuration directory: jailmgr.toml, and jails.d.
Status check_directory(Validation &to, const std::string &directory, Trust trust) {
  const std::string tool = directory + "/jailmgr.toml";
  if (access(tool.c_str(), F_OK) == 0) to.tool(tool, trust);
  const auto common = load_common(directory, trust);
  if (!common) to.say(common.error().text());
  std::vector<std::string> files;
  const Fd jails(open((directory + "/jails.d").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!jails && errno != ENOENT) return fail_errno(printable(directory) + "/jails.d");
  if (jails) files = TRY_IN(printable(directory) + "/jails.d", sys::names_in(jails.get()));
  std::ranges::sort(files);
  for (const auto &file : files) {
    if (file.starts_with('.') || !file.ends_with(".toml")) continue;
    const std::string path = directory + "/jails.d/" + file;
    const auto name = JailName::parse(stem_of(file));
    if (!name)
      to.say(fmt::format("{}: {}", printable(path), name.error().text()));
    else if (common)
      to.jail(path, *name, *common, trust);
  }
  return {};
}

// Those of this host: the configuration directory, and the jails that have a file of their own.
Status check_host(Validation &to, const Call &call) {
  const auto store = TRY(Store::open(call.instance));
  TRY(check_directory(to, call.instance.config_dir(), Trust::Checked));
  const auto common = store.common(); // what is wrong with it is said already
  for (const auto &name : TRY(store.names())) {
    const auto file = store.config_file(name);
    if (!file)
      to.say(file.error().text());
    else if (*file == store.own_file(name) && common)
      to.jail(*file, name, *common, Trust::Checked);
  }
  to.users();
  return {};
}

// What a file that is named stands on. One in a jails.d: the directory above; others: this host's.
Result<Common> common_of(const Call &call, const std::string &directory) {
  constexpr std::string_view kJails = "/jails.d";
  if (directory.ends_with(kJails))
    return load_common(directory.substr(0, directory.size() - kJails.size()), Trust::Any);
  auto common = load_common(call.instance.config_dir(), Trust::Any);
  if (common || common.error().kind() != ErrorKind::Denied) return common;
  fmt::print(stderr, "{}: warning: {}; what it sets is left out\n", call.program, common.error().text());
  return Common{};
}

Status check_file(Validation &to, const Call &call, const std::string &file) {
  to.one(file);
  const std::unique_ptr<char, decltype(&free)> real(realpath(file.c_str(), nullptr), free);
  if (!real) return fail_errno(printable(file));
  const std::string_view path = real.get();
  const auto slash = path.rfind('/');
  const auto base = path.substr(slash + 1);
  const std::string directory(path.substr(0, slash));
  if (base == "jailmgr.toml") {
    to.tool(file, Trust::Any);
    return {};
  }
  // DATA/jails/NAME/jail.toml is named by its directory.
  const auto name = JailName::parse(base == "jail.toml" ? directory.substr(directory.rfind('/') + 1) : stem_of(base));
  const auto common = common_of(call, directory);
  if (!common)
    to.say(common.error().text());
  else
    to.jail(file, name ? *name : TRY(JailName::parse("jail")), *common, Trust::Any);
  return {};
}

} // namespace

Result<int> validate(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr validate [file | directory ...]";
  constexpr std::string_view kAbout =
      "Says all that is wrong with configurations, a line each: FILE:LINE: key 'KEY': what would be right. Exit status "
      "1\n"
      "when there is something. Without operands: all of this host. A file: one jail's, named like it; a directory: "
      "one\n"
      "with jailmgr.toml and jails.d, like /etc/jailmgr. Operands need neither root nor a loaded model.";
  const auto parsed = TRY(parse(call, kUsage, kAbout, {}));
  if (parsed.help) return 0;
  Validation validation(call);
  bool whole = parsed.operands.empty();
  if (parsed.operands.empty()) {
    TRY(need_root(call));
    TRY(check_host(validation, call));
  }
  for (const auto operand : parsed.operands) {
    const std::string path(operand);
    const bool directory = is_directory(path);
    whole = whole || directory;
    TRY(directory ? check_directory(validation, path, Trust::Any) : check_file(validation, call, path));
  }
  if (whole) validation.together();
  return validation.finish();
}

} // namespace jailmgr
