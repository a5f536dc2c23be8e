// [[limits.action]]: what is done when a jail uses more of something than it should.
#include "config/sections.h"

#include <fmt/format.h>

namespace jails {

// What goes together with the limits and the restart policy is judged here too, for the line.
void read_reactions(TableReader &limits, const Limits &of, const Restart &restart, std::vector<Reaction> &to) {
  const auto *entry = limits.find("action");
  if (entry == nullptr) return;
  const auto *list = std::get_if<TomlArray>(&entry->value.data);
  if (list == nullptr)
    return limits.wrong(entry->line, "action", "expected [[limits.action]] with two brackets, one for each action");
  for (const auto &item : *list) {
    const auto *table = std::get_if<TomlTable>(&item.data);
    if (table == nullptr)
      return limits.wrong(item.line, "action", "expected tables, each below its own [[limits.action]]");
    TableReader reader(limits.notes(), *table, "limits.action.", limits.known());
    Reaction reaction;
    for (const char *key : {"when", "do"})
      if (reader.find(key) == nullptr) reader.wrong(item.line, key, "missing, expected text");
    const uint32_t when = reader.parsed("when", "text like \"memory > 90% for 10s\"", reaction.when, parse_condition);
    const uint32_t act =
        reader.text("do", "text like \"log\"", [&](const std::string &text) { return parse_act(reaction, text); });
    std::optional<uint64_t> timeout;
    if (const uint32_t line = reader.number("timeout", timeout, 1, kActTimeoutMax); line != 0) {
      reaction.timeout_seconds = static_cast<uint32_t>(*timeout);
      if (act != 0 && reaction.act != Act::Exec) reader.wrong(line, "timeout", "only for do = \"exec:...\"");
    }
    reader.done();
    if (when == 0 || act == 0) continue;
    if (const auto good = check_reaction(reaction, of, restart); !good) reader.wrong(when, "when", good.error().text());
    to.push_back(std::move(reaction));
  }
  if (to.size() > kReactionsMax)
    limits.wrong(entry->line, "action", fmt::format("{} of them, expected at most {}", to.size(), kReactionsMax));
}

void write_reactions(Writer &out, const std::vector<Reaction> &reactions) {
  out.paragraph(
      "What is done when the jail uses more than it should, once each time that it comes to that; any number.\n"
      "when: \"memory > 90% for 10s\", of memory, swap, processes, cpu, io_read, io_write, net_in, net_out; a\n"
      "percentage is of the limit, for cpu without one of a CPU. do: \"log\", \"signal:USR1\", \"freeze\", "
      "\"restart\",\n"
      "\"exec:/usr/local/sbin/notify 'an argument'\" on the host, killed after timeout seconds (default 30).");
  if (reactions.empty()) out.line("#[[limits.action]]\n#when = \"memory > 500M for 10s\"\n#do = \"log\"\n");
  for (const auto &reaction : reactions) {
    out.line("[[limits.action]]");
    out.line("when = " + toml_string(to_string(reaction.when)));
    out.line("do = " + toml_string(act_text(reaction)));
    if (reaction.timeout_seconds != Reaction{}.timeout_seconds)
      out.line(fmt::format("timeout = {}", reaction.timeout_seconds));
    out.line("");
  }
}

} // namespace jails
