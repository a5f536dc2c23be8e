#include "jailmgr/verb.h"

#include "base/quote.h"
#include "base/text.h"
#include "cli/form.h"
#include "cli/table.h"
#include "jailmgr/bulk.h"
#include "jailmgr/life.h"
#include "jailmgr/store.h"

#include <fmt/format.h>

namespace jailmgr {

using namespace jails;

namespace {

// The line that a person wrote, or the words of a list.
std::string command_text(const JailConfig &config) {
  if (config.spec.command.empty()) return "-";
  if (!config.command_line.empty()) return printable(config.command_line);
  return quoted_words(config.spec.command);
}

cli::Json json_of(const JailName &name, const JailConfig &config, const Result<State> &state) {
  auto ports = cli::Json::array();
  for (const auto &port : config.spec.ports) ports.push_back(to_string(port));
  auto command = cli::Json::array();
  for (const auto &word : config.spec.command) command.push_back(printable(word));
  return {{"name", name.str()},
          {"root", config.spec.root},
          {"command", std::move(command)},
          {"autostart", config.autostart},
          {"profile", to_string(config.spec.profile)},
          {"ports", std::move(ports)},
          {"depends", config.depends},
          {"tags", config.tags},
          {"state", state ? cli::Json(state->word) : cli::Json()}};
}

// Of one whose configuration cannot be read: what the kernel's table has of it.
std::vector<std::string> line_without_config(const JailName &name, const Result<State> &state) {
  const bool known = state && state->row;
  const std::string ports = known ? to_string(state->row->ports) : "";
  return {name.str(),
          known ? printable(state->row->root) : "-",
          "-",
          "-",
          known ? std::string(to_string(state->row->profile)) : "-",
          ports.empty() ? "-" : ports,
          state ? state->word : "-"};
}

} // namespace

Result<int> list(const Call &call) {
  constexpr std::string_view kUsage = "jailmgr list [-j]";
  cli::Form form;
  std::vector<Option> options;
  cli::add_form_options(options, form, cli::Forms::JsonOnly);
  const auto parsed = TRY(parse(call, kUsage, "How the jails are configured, running or not.", std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 0, 0));
  TRY(need_root(call)); // commands may hold secrets, so the files are root's
  const auto store = TRY(Store::open(call.instance));
  const auto names = TRY(store.names());
  std::vector<std::vector<std::string>> rows{
      {"NAME", "ROOT", "SUPERVISE_CMD", "AUTOSTART", "PROFILE", "PORTS", "STATE"}};
  auto jails = cli::Json::array(), broken = cli::Json::array();
  std::vector<Error> wrong; // below the table: on a terminal the two are one text
  int status = for_each_jail(call, names, [&](const JailName &name) -> Status {
    const auto config = store.load(name);
    const auto state = state_of(call.instance, name, Patience::None); // one that hangs takes no line away
    if (!config) {
      broken.push_back({{"name", name.str()},
                        {"state", state ? cli::Json(state->word) : cli::Json()},
                        {"error", printable(config.error().text())}});
      rows.push_back(line_without_config(name, state));
      wrong.push_back(config.error());
      return {};
    }
    jails.push_back(json_of(name, *config, state));
    const std::string ports = to_string(config->spec.ports);
    rows.push_back({name.str(), config->spec.root, command_text(*config), config->autostart ? "yes" : "no",
                    std::string(to_string(config->spec.profile)), ports.empty() ? "-" : ports,
                    state ? state->word : "-"});
    return {};
  });
  if (form.json) {
    auto out = cli::json_document("jailmgr-list-1");
    out["jails"] = std::move(jails);
    out["broken"] = std::move(broken);
    cli::print_json(out);
  } else if (names.empty())
    fmt::print("no jails\n");
  else if (rows.size() > 1)
    fmt::print("{}", cli::align(rows));
  fflush(stdout);
  for (const auto &error : wrong) status = cli::report(call.program, error);
  return status;
}

} // namespace jailmgr
