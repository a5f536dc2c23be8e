#include "jailctl/verb.h"

#include "cgroup/usage.h"
#include "cli/arguments.h"
#include "cli/form.h"
#include "cli/journal.h"
#include "cli/limits.h"
#include "cli/table.h"
#include "secmodel/pace.h"
#include "secmodel/sockbuf.h"
#include "secmodel/tables.h"

#include <algorithm>
#include <fmt/format.h>

namespace jailctl {

using namespace jails;

namespace {

void add_network(const Call &call, const cgroup::Group &group, const Limits &limits,
                 std::vector<cgroup::LimitUse> &uses) {
  const auto row = Pace::read(call.instance, group.id());
  for (const auto &[key, way] : {std::pair("net_in", SJ_IN), std::pair("net_out", SJ_OUT)}) {
    cgroup::LimitUse use{.limit = key,
                         .configured = find_limit(key)->text(limits),
                         .active = {},
                         .current = {},
                         .peak = {},
                         .hits = {},
                         .by = {}};
    if (row && row->rate[way] != 0) {
      use.active = std::to_string(row->rate[way]);
      use.hits = row->dropped[way];
      use.by = "BPF on the jail's cgroup";
    }
    uses.push_back(std::move(use));
  }
}

// Each socket, whatever the cgroup controllers hold of all of them together.
void count_sockets(const Call &call, const cgroup::Group &group, std::vector<cgroup::LimitUse> &uses) {
  const auto row = Sockbuf::read(call.instance, group.id());
  const auto use = std::ranges::find(uses, std::string("sockbuf"), &cgroup::LimitUse::limit);
  if (!row || row->ceiling == 0 || use == uses.end()) return;
  use->by = "BPF, each socket" + (use->by.empty() ? "" : "; of TCP together " + use->by);
  use->active = std::to_string(row->ceiling);
  use->hits = use->hits.value_or(0) + row->lowered;
}

// Where the kernel has BPF LSM, the files of the whole jail are counted, and not only those of each process.
Status count_files(const Call &call, const JailRow &row, std::vector<cgroup::LimitUse> &uses) {
  const auto tables = TRY(Tables::open(call.instance));
  const auto use = std::ranges::find(uses, std::string("files"), &cgroup::LimitUse::limit);
  if (!tables.has_second_line() || row.files == 0 || use == uses.end()) return {};
  const auto open = TRY(tables.open_files(row.jid));
  use->active = std::to_string(row.files);
  use->current = static_cast<double>(open.now);
  use->peak = static_cast<double>(open.peak);
  use->hits = TRY(tables.denials(row.jid)).of(SJ_RULE_FILES);
  use->by = "the whole jail, by BPF LSM";
  return {};
}

std::string number(const auto &value) { return value ? fmt::format("{}", *value) : "-"; }
std::string word(const std::string &text) { return text.empty() ? "-" : text; }

void print_json(const JailRow &row, const std::vector<cgroup::LimitUse> &uses,
                const std::vector<ReactionUse> &reactions) {
  const auto figure = [](const std::optional<double> &value) { // bytes and counts without ".0"
    if (!value) return cli::Json();
    const auto whole = static_cast<uint64_t>(*value);
    return static_cast<double>(whole) == *value ? cli::Json(whole) : cli::Json(*value);
  };
  const auto text = [](const std::string &value) { return value.empty() ? cli::Json() : cli::Json(value); };
  auto list = cli::Json::array();
  for (const auto &use : uses)
    list.push_back({{"limit", use.limit},
                    {"configured", text(use.configured)},
                    {"active", text(use.active)},
                    {"current", figure(use.current)},
                    {"peak", figure(use.peak)},
                    {"hits", use.hits ? cli::Json(*use.hits) : cli::Json()},
                    {"by", text(use.by)}});
  auto actions = cli::Json::array();
  for (const auto &[reaction, state] : reactions)
    actions.push_back({{"when", to_string(reaction.when)},
                       {"do", act_text(reaction)},
                       {"use", text(state.use)},
                       {"fired", state.fired},
                       {"last", state.fired_at == 0 ? cli::Json() : cli::Json(state.fired_at / 1000)}});
  auto out = cli::json_document("jailctl-limits-1");
  out.update({{"jid", row.jid}, {"name", row.name}, {"limits", std::move(list)}, {"actions", std::move(actions)}});
  cli::print_json(out);
}

void print_reactions(const std::vector<ReactionUse> &reactions) {
  std::vector<std::vector<std::string>> rows{{"WHEN", "DO", "NOW", "FIRED", "LAST"}};
  for (const auto &[reaction, state] : reactions)
    rows.push_back({to_string(reaction.when), act_text(reaction), word(state.use), fmt::format("{}", state.fired),
                    state.fired_at == 0 ? "-" : cli::local_time(state.fired_at)});
  fmt::print("\n{}", cli::align(rows));
}

Result<std::vector<cgroup::LimitUse>> uses_of(const Call &call, const JailRow &row, const Limits &limits) {
  const auto name = TRY(JailName::parse(row.name));
  if (is_running(call.instance, name)) {
    const auto where = TRY(cgroup::Hierarchies::discover());
    const auto group = TRY(cgroup::Group::open(where, call.instance.cgroup_name(), name));
    auto uses = cgroup::limit_uses(group, limits, row.root, row.anchor);
    TRY(count_files(call, row, uses));
    count_sockets(call, group, uses);
    add_network(call, group, limits, uses);
    add_disk(row, TRY(spec_in_force(call.instance, name)), uses);
    return uses;
  }
  std::vector<cgroup::LimitUse> uses;
  for (const auto &key : limit_keys())
    if (auto text = key.text(limits); !text.empty())
      uses.push_back({.limit = key.name,
                      .configured = std::move(text),
                      .active = {},
                      .current = {},
                      .peak = {},
                      .hits = {},
                      .by = {}});
  return uses;
}

} // namespace

Result<int> limits(const Call &call) {
  constexpr std::string_view kUsage = "jailctl limits [-T [-H] | -j] jail";
  cli::Form form;
  std::vector<Option> options;
  cli::add_form_options(options, form);
  const auto parsed =
      TRY(parse(call, kUsage,
                "What limits a jail: as configured, as the kernel has it, what is used of it now and at "
                "most,\nhow often it was reached, and who holds it. Then its limit actions and how often each was "
                "taken\n(not with -T).",
                std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  TRY(need_root(call));
  TRY(cli::check_form(form));
  const auto name = TRY(selected_jail(call, parsed.operands[0]));
  const auto row = TRY(find_jail(call.instance, name.str()));
  const auto uses = TRY(uses_of(call, row, TRY(limits_of(call.instance, name))));
  const auto reactions = TRY(reactions_of(call.instance, name));
  if (form.json) {
    print_json(row, uses, reactions);
    return 0;
  }
  constexpr auto kTable = "{:<12} {:<14} {:<18} {:<12} {:<12} {:<8} {}\n";
  constexpr auto kTabs = "{}\t{}\t{}\t{}\t{}\t{}\t{}\n";
  const auto *const format = form.tabs ? kTabs : kTable;
  if (!form.bare) fmt::print(fmt::runtime(format), "LIMIT", "CONFIGURED", "ACTIVE", "CURRENT", "PEAK", "HITS", "BY");
  for (const auto &use : uses)
    fmt::print(fmt::runtime(format), use.limit, word(use.configured), word(use.active), number(use.current),
               number(use.peak), number(use.hits), word(use.by));
  if (!reactions.empty() && !form.tabs) print_reactions(reactions);
  return 0;
}

} // namespace jailctl
