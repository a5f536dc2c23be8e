// Which jails come first, and when one counts as up.
#include "config/sections.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {
namespace {

constexpr std::string_view kTagCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

// A list of texts, each judged by `add`.
void read_names(TableReader &top, std::string_view key, std::string_view expected,
                const std::function<Status(const std::string &)> &add) {
  const auto *entry = top.find(key);
  if (entry == nullptr) return;
  const auto *list = std::get_if<TomlArray>(&entry->value.data);
  if (list == nullptr) return top.wrong(entry->line, key, expected);
  for (const auto &item : *list) {
    const auto *text = std::get_if<std::string>(&item.data);
    if (text == nullptr) return top.wrong(item.line, key, expected);
    if (auto done = add(*text); !done) top.wrong(item.line, key, done.error().text());
  }
}

std::string list_text(const std::vector<std::string> &items) {
  return toml_list(items, [](const std::string &item) { return item; });
}

} // namespace

Status add_tag(std::vector<std::string> &tags, std::string_view tag) {
  constexpr size_t kMaxTag = 32;
  if (tag.empty() || tag.size() > kMaxTag || tag.find_first_not_of(kTagCharacters) != tag.npos)
    return fail(ErrorKind::Usage, "tag " + in_quotes(tag) + ": expected 1 to 32 characters of A-Z a-z 0-9 . _ and -");
  if (std::ranges::find(tags, tag) == tags.end()) tags.emplace_back(tag);
  return {};
}

Status add_dependency(JailConfig &config, std::string_view name) {
  const auto other = TRY(JailName::parse(name));
  if (other == config.spec.name) return fail(ErrorKind::Usage, "a jail cannot depend on itself");
  if (std::ranges::find(config.depends, other.str()) == config.depends.end()) config.depends.push_back(other.str());
  return {};
}

Status check_readiness(const JailConfig &config) {
  const Readiness &ready = config.ready;
  if (ready.kind == Readiness::Kind::Healthy && !config.spec.health.configured())
    return fail(ErrorKind::Usage, "\"healthy\" needs a check, in [health]");
  if (ready.kind != Readiness::Kind::Port) return {};
  // Then nobody else can be listening there.
  if (std::ranges::any_of(config.spec.ports, [&](const auto &port) { return overlap(port, ready.port); })) return {};
  return fail(ErrorKind::Usage, fmt::format("port {} is not among the jail's ports", to_string(ready.port)));
}

uint32_t read_order(TableReader &top, JailConfig &to) {
  read_names(top, "depends", "expected a list of jails like [\"db\"]",
             [&](const std::string &name) { return add_dependency(to, name); });
  read_names(top, "tags", "expected a list of words like [\"web\"]",
             [&](const std::string &tag) { return add_tag(to.tags, tag); });
  const uint32_t line = top.parsed("ready", "text like \"port:8080\"", to.ready, parse_readiness);
  top.milliseconds("ready_timeout", to.ready_timeout_ms, kReadyTimeoutMaxMs);
  return line;
}

void write_order(Writer &out, const JailConfig &config) {
  out.key("Jails that are started, and ready, before this one, and stopped after it. Default: none.", "depends",
          config.depends.empty() ? "[\"db\"]" : list_text(config.depends), config.depends.empty());
  out.key("Words to select jails by: `jailmgr restart --tag web`. Default: none.", "tags",
          config.tags.empty() ? "[\"web\"]" : list_text(config.tags), config.tags.empty());
  out.key(
      "When a started jail counts as ready: \"running\" (its command runs), \"port:8080\" (something listens on\n"
      "one of its ports), \"file:/run/ready\" (a file of the jail is there), \"command:LINE\" (run in the jail, it\n"
      "ends with status 0), \"alive:5\" (its command ran for 5 seconds), \"healthy\" (its health check, below,\n"
      "succeeded). Default: \"running\".",
      "ready", toml_string(to_string(config.ready)), config.ready == Readiness{});
  out.key("Seconds that a start waits for that; then it fails and the jail is stopped. Default: 30.", "ready_timeout",
          seconds_text(config.ready_timeout_ms), config.ready_timeout_ms == kReadyTimeoutMs);
}

} // namespace jails
