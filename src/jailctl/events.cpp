#include "jailctl/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/journal.h"
#include "jail/registry.h"
#include "journal/store.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

namespace jailctl {

using namespace jails;

namespace {

struct Filter {
  std::vector<std::string> names; // none: all
  std::vector<journal::Kind> kinds;

  bool operator()(const journal::Event &event) const {
    return (names.empty() || std::ranges::find(names, event.jail) != names.end()) &&
           (kinds.empty() || std::ranges::find(kinds, event.kind) != kinds.end());
  }
};

// One object a line, so that what follows can be read as it comes.
void print(const journal::Event &event, bool json) {
  if (json) {
    fmt::print("{}\n", cli::event_json(event).dump(-1, ' ', false, cli::Json::error_handler_t::replace));
    return;
  }
  fmt::print("{}  {:<16}  {:<8}  {}\n", cli::local_time(event.time_ms), event.jail, to_string(event.kind),
             journal::describe(event));
}

Status add_kinds(std::vector<journal::Kind> &to, std::string_view text) {
  for (const auto word : split(text, ',')) to.push_back(TRY(journal::parse_kind(word)));
  return {};
}

} // namespace

Result<int> events(const Call &call) {
  constexpr std::string_view kUsage = "jailctl events [-f] [-j] [-k KIND[,KIND...]] [-n NUMBER] [jail ...]";
  bool follow = false;
  bool json = false;
  std::optional<size_t> most;
  Filter filter;
  std::vector<Option> options;
  options.push_back({'f', "follow", nullptr, "go on with what happens from now on", set_flag(follow), true});
  options.push_back({'j', "json", nullptr, "JSON, one object a line", set_flag(json), true});
  options.push_back({'k', "kind", "KIND[,KIND...]",
                     "only these: create, start, exit, restart, stop, failed, oom, limit, denial, health, freeze, "
                     "thaw, hook, exec, upgrade, destroy",
                     [&](std::string_view text) { return add_kinds(filter.kinds, text); }, false});
  options.push_back({'n', "lines", "NUMBER", "only the last ones",
                     [&](std::string_view text) -> Status {
                       most = parse_int<size_t>(text);
                       if (!most) return fail(ErrorKind::Usage, in_quotes(text) + ": expected a number");
                       return {};
                     },
                     true});
  const auto parsed = TRY(parse(call, kUsage, "What happened to the jails, oldest first.", std::move(options)));
  if (parsed.help) return 0;
  TRY(need_root(call));
  for (const auto operand : parsed.operands) { // a jail that is gone has events as well
    const auto name = JailName::parse(operand);
    filter.names.push_back(name ? name->str() : TRY(selected_jail(call, operand)).str());
  }
  // Before the first read, so that nothing is missed between the two; what both see is shown once.
  auto follower = follow ? std::optional(TRY(journal::Follower::start(call.instance))) : std::nullopt;
  auto there = TRY(journal::read_events(call.instance, filter));
  if (most && there.size() > *most) there.erase(there.begin(), there.end() - static_cast<ptrdiff_t>(*most));
  for (const auto &event : there) print(event, json);
  fflush(stdout);
  if (!follower) return 0;
  TRY(follower->run([&](const journal::Event &event) {
    if (filter(event) && std::ranges::find(there, event) == there.end()) print(event, json);
    return fflush(stdout) == 0;
  }));
  return 0;
}

} // namespace jailctl
