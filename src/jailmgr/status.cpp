#include "jailmgr/verb.h"

#include "cli/form.h"
#include "cli/journal.h"
#include "cli/table.h"
#include "jailmgr/bulk.h"
#include "jailmgr/life.h"

#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

namespace {

constexpr int kNotRunning = 3; // as of systemctl status and LSB init scripts
constexpr int kFailed = 4;

std::string or_dash(uint64_t number) { return number == 0 ? "-" : fmt::format("{}", number); }

std::string ports_text(const std::vector<PortReservation> &ports) { return ports.empty() ? "-" : to_string(ports); }

std::vector<std::string> row_of(const JailName &name, const State &state) {
  const auto &supervisor = state.supervisor;
  return {name.str(),
          supervisor.health.empty() ? state.word : fmt::format("{} ({})", state.word, supervisor.health),
          or_dash(state.row ? state.row->jid : 0),
          or_dash(supervisor.workload),
          cli::local_time(supervisor.workload != 0 ? supervisor.started * 1000 : 0),
          state.up() ? fmt::format("{}", supervisor.restarts) : "-",
          state.row ? ports_text(state.row->ports) : "-",
          state.end ? journal::describe(*state.end) : "-"};
}

cli::Json json_of(const JailName &name, const State &state) {
  const auto number = [](uint64_t value) { return value == 0 ? cli::Json() : cli::Json(value); };
  const auto &supervisor = state.supervisor;
  auto ports = cli::Json::array();
  if (state.row)
    for (const auto &port : state.row->ports) ports.push_back(to_string(port));
  return {{"jid", number(state.row ? state.row->jid : 0)},
          {"name", name.str()},
          {"state", state.word},
          {"health", supervisor.health.empty() ? cli::Json() : cli::Json(supervisor.health)},
          {"supervisor", number(supervisor.supervisor)},
          {"anchor", number(supervisor.anchor)},
          {"workload", number(supervisor.workload)},
          {"since", number(supervisor.workload != 0 ? supervisor.started : 0)},
          {"restarts", state.up() ? cli::Json(supervisor.restarts) : cli::Json()},
          {"ports", std::move(ports)},
          {"last_end", state.end ? cli::event_json(*state.end) : cli::Json()}};
}

} // namespace

Result<int> status(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr status [-j] [name ... | --tag TAG]";
  constexpr std::string_view kAbout =
      "What the jails are doing: running, idle (up without a command), waiting (for the next restart), starting, "
      "stopping,\n"
      "frozen, ended (its command has ended and is not restarted), failed (given up because it ended too often, or "
      "its\n"
      "supervisor was killed), stopped. With names, exits with 3 when one of them is not up, 4 when one failed.";
  Selection selection;
  cli::Form form;
  std::vector<Option> options;
  cli::add_form_options(options, form, cli::Forms::JsonOnly);
  add_selection(options, selection, "every jail, as without names", false);
  const auto parsed = TRY(parse(call, kUsage, kAbout, std::move(options)));
  if (parsed.help) return 0;
  const bool all = selection.all || (parsed.operands.empty() && selection.tags.empty());
  if (!all) TRY(check_selection(parsed, kUsage, selection));
  TRY(need_root(call));
  const auto store = TRY(Store::open(call.instance));
  const auto names = all ? TRY(store.names()) : TRY(named_jails(store, parsed, selection));
  std::vector<std::vector<std::string>> rows{{"NAME", "STATE", "JID", "PID", "SINCE", "RESTARTS", "PORTS", "ENDED"}};
  auto jails = cli::Json::array();
  bool down = false;
  bool given_up = false;
  bool ended = false;
  const int failed = for_each_jail(call, names, [&](const JailName &name) -> Status {
    TRY(store.require(name));
    const auto state = TRY(state_of(call.instance, name, Patience::None));
    if (!state.up()) down = true;
    if (state.end) ended = true;
    if (state.word == "failed") given_up = true;
    jails.push_back(json_of(name, state));
    rows.push_back(row_of(name, state));
    return {};
  });
  if (!ended) // a column that has nothing to tell
    for (auto &row : rows) row.pop_back();
  if (form.json) {
    auto out = cli::json_document("jailmgr-status-1");
    out["jails"] = std::move(jails);
    cli::print_json(out);
  } else if (names.empty())
    fmt::print("no jails\n");
  else if (rows.size() > 1)
    fmt::print("{}", cli::align(rows));
  if (failed != 0) return failed;
  if (all || !down) return 0;
  return given_up ? kFailed : kNotRunning;
}

} // namespace jailmgr
