#include "jailmgr/bulk.h"

#include "base/text.h"
#include "config/document.h"
#include "config/file.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fmt/format.h>
#include <fnmatch.h>
#include <map>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

void add_selection(std::vector<Option> &options, Selection &to, const char *all, bool with_jobs) {
  options.push_back({0, "all", nullptr, all, set_flag(to.all), true});
  options.push_back({0, "tag", "TAG", "jails that bear this tag; more than once: any of them",
                     [&to](std::string_view text) { return add_tag(to.tags, text); }, false});
  if (!with_jobs) return;
  options.push_back({0, "jobs", "N", "jails at a time (default: one for each CPU)",
                     [&to](std::string_view text) -> Status {
                       constexpr uint64_t kMax = 256;
                       const auto jobs = parse_int<uint64_t>(text);
                       if (!jobs || *jobs == 0 || *jobs > kMax)
                         return fail(ErrorKind::Usage, in_quotes(text) + ": expected a number from 1 to 256");
                       to.jobs = *jobs;
                       return {};
                     },
                     true});
}

namespace {

bool is_glob(std::string_view operand) { return operand.find_first_of("*?[") != operand.npos; }

void add_once(std::vector<JailName> &names, const JailName &name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

Status add_matching(std::vector<JailName> &names, const std::vector<JailName> &existing, std::string_view glob) {
  const std::string pattern(glob);
  bool found = false;
  for (const auto &name : existing) {
    if (fnmatch(pattern.c_str(), name.str().c_str(), 0) != 0) continue;
    add_once(names, name);
    found = true;
  }
  if (!found) return fail(ErrorKind::NotFound, "no jail matches " + in_quotes(glob));
  return {};
}

Status add_tagged(std::vector<JailName> &names, const Store &store, const std::vector<JailName> &existing,
                  const std::vector<std::string> &tags) {
  std::vector<std::string> unused = tags;
  for (const auto &name : existing) {
    const auto config = TRY(store.load(name)); // whether it bears the tag cannot be told of a broken one
    for (const auto &tag : config.tags) {
      if (std::ranges::find(tags, tag) == tags.end()) continue;
      add_once(names, name);
      std::erase(unused, tag);
    }
  }
  if (!unused.empty()) return fail(ErrorKind::NotFound, "no jail has the tag " + unused[0]);
  return {};
}

} // namespace

Status check_selection(const cli::Parsed &parsed, std::string_view usage, const Selection &selection) {
  const bool some = !parsed.operands.empty() || !selection.tags.empty();
  if (selection.all && some) return fail(ErrorKind::Usage, "give names or --all, not both");
  if (!selection.all && !some) TRY(cli::want_operands(parsed, usage, 1, SIZE_MAX));
  for (const auto &operand : parsed.operands)
    if (!is_glob(operand)) TRY(JailName::parse(operand));
  return {};
}

Result<std::vector<JailName>> named_jails(const Store &store, const cli::Parsed &parsed, const Selection &selection,
                                          const std::vector<JailName> *existing) {
  std::vector<JailName> names;
  const auto among = existing != nullptr ? *existing : TRY(store.names());
  for (const auto &operand : parsed.operands) {
    if (!is_glob(operand))
      add_once(names, TRY(JailName::parse(operand)));
    else
      TRY(add_matching(names, among, operand));
  }
  if (!selection.tags.empty()) TRY(add_tagged(names, store, among, selection.tags));
  return names;
}

Result<std::vector<JailName>> marked_jails(const cli::Call &call, const Store &store, int &broken) {
  std::vector<JailName> names;
  for (const auto &name : TRY(store.names())) {
    const auto config = store.load(name);
    if (config && config->autostart) names.push_back(name);
    if (config) continue;
    cli::report(call.program, config.error()); // whether it is meant to run cannot be told; of the others it can
    broken = 1;
  }
  for (const auto &name : TRY(store.declared())) {
    if (store.contains(name)) continue;
    const auto config = store.load(name);
    if (config && !config->autostart) continue;
    cli::report(call.program, config ? store.require(name).error() : config.error()); // not silently not there
    broken = 1;
  }
  return names;
}

namespace {

// " (FILE:LINE)" of a jail's `depends`; without the line where that stands in a file that it includes.
std::string place_of_depends(const Store &store, std::string_view jail) {
  const auto name = JailName::parse(jail);
  const auto file = name ? store.config_file(*name) : std::unexpected(name.error());
  if (!file) return "";
  const auto text = read_file(*file);
  const auto table = text ? parse_toml(*text, *file).value_or(TomlTable()) : TomlTable();
  const auto entry = std::ranges::find(table, "depends", &TomlEntry::key);
  return fmt::format(" ({}{})", *file, entry == table.end() ? "" : fmt::format(":{}", entry->line));
}

// What keeps this one from its place in the order.
Status check_needs(const Store &store, const Needs &needs, const std::string &name) {
  const auto all = with_needs(needs, {name});
  if (all) {
    TRY(in_order(needs, *all));
    return {};
  }
  // Whose word it is stands in the text: "jail NAME depends on ...".
  const auto words = split(all.error().text(), ' ');
  const std::string whose(words.size() > 1 ? words[1] : name);
  const std::string where = place_of_depends(store, whose);
  if (whose == name) return fail(all.error().kind(), all.error().text() + where);
  return fail(all.error().kind(), fmt::format("jail {}: left alone: {}{}", name, all.error().text(), where));
}

} // namespace

std::vector<JailName> those_with_needs(const cli::Call &call, const Store &store, const Needs &needs,
                                       const std::vector<JailName> &names, int &broken) {
  std::vector<JailName> good;
  for (const auto &name : names) {
    const auto can = check_needs(store, needs, name.str());
    if (can) good.push_back(name);
    if (can) continue;
    cli::report(call.program, can.error());
    broken = 1;
  }
  return good;
}

Result<std::vector<JailName>> with_dependencies(const Needs &needs, const std::vector<JailName> &names) {
  std::vector<std::string> words;
  for (const auto &name : names) words.push_back(name.str());
  std::vector<JailName> all;
  for (const auto &name : TRY(with_needs(needs, words))) all.push_back(TRY(JailName::parse(name)));
  return all;
}

Result<Needs> read_needs(const Store &store) {
  Needs needs;
  for (const auto &name : TRY(store.all_names())) {
    const auto config = store.load(name);
    needs[name.str()] = config ? config->depends : std::vector<std::string>();
  }
  return needs;
}

bool names_jail(std::string_view text, std::string_view name) {
  const auto is_part = [](char c) { return isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; };
  for (size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    const bool begins = at == 0 || !is_part(text[at - 1]);
    const size_t end = at + name.size();
    if (begins && (end == text.size() || !is_part(text[end]))) return true;
  }
  return false;
}

namespace {

bool do_one(const cli::Call &call, const JailName &name, const Act &act) {
  auto done = act(name);
  fflush(stdout);
  if (done) return true;
  cli::report(call.program, names_jail(done.error().text(), name.str())
                                ? done.error()
                                : Error(done.error()).context("jail " + name.str()));
  return false;
}

// Runs acts in processes of their own, those first whose needs are met.
class Crew {
public:
  Crew(const cli::Call &call, const Needs &needs, const Act &act) : call_(call), needs_(needs), act_(act) {}

  Result<int> run(std::vector<JailName> waiting, size_t jobs) {
    std::set<std::string> open; // not done yet
    for (const auto &name : waiting) open.insert(name.str());
    while (!waiting.empty() || !working_.empty()) {
      for (auto at = waiting.begin(); at != waiting.end() && working_.size() < jobs;) {
        if (waits_for(*at, open)) {
          at++;
          continue;
        }
        TRY(start(*at, open));
        at = waiting.erase(at);
      }
      if (!working_.empty()) TRY(reap(open));
    }
    return failed_.empty() ? 0 : 1;
  }

private:
  bool waits_for(const JailName &name, const std::set<std::string> &open) const {
    return std::ranges::any_of(needs_of(name), [&](const auto &other) { return open.contains(other); });
  }
  std::vector<std::string> needs_of(const JailName &name) const {
    const auto at = needs_.find(name.str());
    return at == needs_.end() ? std::vector<std::string>() : at->second;
  }

  Status start(const JailName &name, std::set<std::string> &open) {
    for (const auto &other : needs_of(name)) {
      if (!failed_.contains(other)) continue;
      cli::report(call_.program, Error(ErrorKind::System,
                                       fmt::format("jail {}: left alone, because jail {} failed", name.str(), other)));
      failed_.insert(name.str());
      open.erase(name.str());
      return {};
    }
    fflush(stdout);
    const pid_t pid = fork();
    if (pid < 0) return fail_errno("fork");
    if (pid == 0) _exit(do_one(call_, name, act_) ? 0 : 1);
    working_.emplace(pid, name.str());
    return {};
  }

  Status reap(std::set<std::string> &open) {
    int status = 0;
    const pid_t pid = static_cast<pid_t>(TEMP_FAILURE_RETRY(waitpid(-1, &status, 0)));
    if (pid < 0) return fail_errno("waitpid");
    const auto at = working_.find(pid);
    if (at == working_.end()) return {};
    if (status != 0) failed_.insert(at->second);
    open.erase(at->second);
    working_.erase(at);
    return {};
  }

  const cli::Call &call_;
  const Needs &needs_;
  const Act &act_;
  std::map<pid_t, std::string> working_;
  std::set<std::string> failed_;
};

} // namespace

int for_each_jail(const cli::Call &call, std::span<const JailName> names, const Act &act) {
  int status = 0;
  for (const auto &name : names)
    if (!do_one(call, name, act)) status = 1;
  return status;
}

Result<int> for_each_in_order(const cli::Call &call, const std::vector<JailName> &names, const Needs &needs,
                              uint64_t jobs, const Act &act) {
  if (names.size() == 1) return for_each_jail(call, names, act);
  std::vector<std::string> wanted;
  for (const auto &name : names) wanted.push_back(name.str());
  std::vector<JailName> ordered;
  for (const auto &name : TRY(in_order(needs, wanted))) ordered.push_back(TRY(JailName::parse(name)));
  const auto cpus = static_cast<uint64_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  return Crew(call, needs, act).run(std::move(ordered), jobs == 0 ? cpus : jobs);
}

} // namespace jailmgr
