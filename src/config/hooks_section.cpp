// [hooks]: what is run around a jail's life.
#include "config/sections.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {
namespace {

// A line, a list of words, or a list of lists of words.
Result<HookSpec::Commands> commands_of(const TomlValue &value) {
  const auto *list = std::get_if<TomlArray>(&value.data);
  const auto is_list = [](const TomlValue &item) { return std::holds_alternative<TomlArray>(item.data); };
  HookSpec::Commands commands;
  if (list != nullptr && !list->empty() && std::ranges::all_of(*list, is_list)) {
    for (const auto &item : *list) commands.push_back(TRY(command_words(item)));
    return commands;
  }
  auto words = TRY(command_words(value));
  if (!words.empty()) commands.push_back(std::move(words));
  return commands;
}

std::string text_of(const HookSpec::Commands &commands) {
  const auto words = [](const std::vector<std::string> &command) {
    return toml_list(command, [](const std::string &word) { return word; });
  };
  if (commands.size() == 1) return words(commands[0]);
  std::string text;
  for (const auto &command : commands) text += (text.empty() ? "[" : ", ") + words(command);
  return text + "]";
}

} // namespace

void read_hooks(TableReader &top, const std::string &root, HookSpec &to) {
  const auto *table = top.table("hooks");
  if (table == nullptr) return;
  TableReader reader(top.notes(), *table, "hooks.", top.known());
  for (size_t i = 0; i < kHookPoints; i++) {
    const auto key = to_string(static_cast<HookPoint>(i));
    const auto *entry = reader.find(key);
    if (entry == nullptr) continue;
    auto commands = commands_of(entry->value);
    HookSpec alone;
    if (commands) alone.points.at(i) = *commands;
    if (const auto good = commands ? check_hooks(alone, root) : std::unexpected(commands.error()); !good)
      reader.wrong(entry->line, key, good.error().text());
    else
      to.points.at(i) = std::move(*commands);
  }
  const uint32_t line = reader.milliseconds("timeout", to.timeout_ms, kHookTimeoutMaxMs);
  if (line != 0 && to.timeout_ms < kHookTimeoutMinMs) reader.wrong(line, "timeout", "expected 0.1 to 3600 seconds");
  if (!to.configured()) to = {}; // defaults for jails that have some
  reader.done();
}

void write_hooks(Writer &out, const HookSpec &hooks) {
  struct {
    HookPoint point;
    std::string_view comment, example;
  } constexpr kRows[] = {
      {HookPoint::Prestart, "On the host, before anything of the jail is there.", "/usr/local/sbin/prepare"},
      {HookPoint::Created, "On the host: it stands, and nothing runs in it yet.", "/usr/local/sbin/created"},
      {HookPoint::Start, "In the jail, as its root, before the command.", "/usr/bin/prepare"},
      {HookPoint::Poststart, "On the host: the command runs.", "/usr/local/sbin/announce"},
      {HookPoint::Prestop, "On the host, before the command is told to end.", "/usr/local/sbin/withdraw"},
      {HookPoint::Stop, "In the jail, as its root, after that.", "/usr/bin/drain"},
      {HookPoint::Poststop, "On the host: nothing of the jail runs any more.", "/usr/local/sbin/clean"},
  };
  const bool set = hooks.configured();
  out.section(
      set ? "[hooks]" : "#[hooks]",
      "Commands around the jail's life, see jail.toml(5): a line or a list of words, run by no shell, or a list\n"
      "of lists. Those of the host run as root, their programs are absolute paths. Default: none.");
  for (const auto &row : kRows) {
    const auto &commands = hooks.at(row.point);
    out.key(row.comment, to_string(row.point), commands.empty() ? toml_string(row.example) : text_of(commands),
            commands.empty());
  }
  out.key("Seconds after which a hook is killed and has failed, 0.1 to 3600. Default: 30.", "timeout",
          seconds_text(hooks.timeout_ms), hooks.timeout_ms == HookSpec{}.timeout_ms);
}

} // namespace jails
