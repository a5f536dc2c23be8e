#include "config/copy.h"

#include "base/text.h"
#include "config/document.h"
#include "config/sections.h"
#include "config/toml_lines.h"

#include <algorithm>
#include <fmt/format.h>

namespace jails {
namespace {

// The port that takes its place in a list of as many.
Result<PortReservation> counterpart(const PortReservation &port, const std::vector<PortReservation> &from,
                                    const std::vector<PortReservation> &to, std::string_view key) {
  const auto at = std::ranges::find_if(from, [&](const auto &other) { return overlap(port, other); });
  if (at == from.end() || from.size() != to.size())
    return fail(ErrorKind::Usage, fmt::format("{} asks port {}: give the copy as many ports as the original has ({})",
                                              key, to_string(port), from.size()));
  const PortReservation &other = to[static_cast<size_t>(at - from.begin())];
  PortReservation found = port;
  found.port = other.port;
  if (found.family != 0) {
    found.family = other.family;
    found.addr = other.addr;
  }
  return found;
}

Status set_ports(JailConfig &config, const std::vector<PortReservation> &ports) {
  const auto &old = config.spec.ports;
  if (config.ready.kind == Readiness::Kind::Port)
    config.ready.port = TRY(counterpart(config.ready.port, old, ports, "'ready'"));
  if (config.spec.health.port.port != 0)
    config.spec.health.port = TRY(counterpart(config.spec.health.port, old, ports, "'health.port'"));
  config.spec.ports = ports;
  return {};
}

std::string change_by_lines(std::string_view text, const TomlTable &document, const JailConfig &from,
                            const JailConfig &to) {
  TomlLines lines(text, document);
  if (from.autostart != to.autostart) lines.set("", "autostart", to.autostart ? "true" : "false");
  if (from.spec.ports != to.spec.ports)
    lines.set("", "ports", toml_list(to.spec.ports, [](const PortReservation &port) { return to_string(port); }));
  if (from.ready != to.ready) lines.set("", "ready", toml_string(to_string(to.ready)));
  if (from.spec.health != to.spec.health) lines.set("health", "port", toml_string(to_string(to.spec.health.port)));
  if (from.spec.root != to.spec.root) lines.set("root", "path", toml_string(to.spec.root));
  return lines.text();
}

void replace_once(std::vector<std::string> &names, const std::string &from, const std::string &to) {
  const auto at = std::ranges::find(names, from);
  if (at == names.end()) return;
  if (std::ranges::find(names, to) == names.end())
    *at = to;
  else
    names.erase(at);
}

} // namespace

Result<std::string> copy_jail(std::string_view text, std::string_view file, const JailName &name,
                              std::string_view default_root, const CopyOptions &options, const Common &common) {
  const JailConfig original = TRY(parse_jail(text, file, name, default_root, common));
  JailConfig wanted = original;
  wanted.autostart = false;
  TRY_IN(printable(file), set_ports(wanted, options.ports));
  if (original.root_kind == RootKind::Plain) wanted.spec.root = options.root;
  TRY(validate(wanted.spec));
  const TomlTable document = TRY(parse_toml(text, file));
  std::string copy = change_by_lines(text, document, original, wanted);
  const auto back = parse_jail(copy, file, name, default_root, common);
  if (back && *back == wanted) return copy;
  if (has_layers(document))
    return fail(
        ErrorKind::Malformed,
        fmt::format("{}: autostart, ports, ready, health.port and root.path are not one a line: edit it by hand",
                    printable(file)));
  return write_jail(wanted, common);
}

bool mentions(const JailConfig &config, const JailName &other) {
  return std::ranges::find(config.depends, other.str()) != config.depends.end() ||
         std::ranges::find(config.spec.net.connect, other.str(), &Destination::jail) != config.spec.net.connect.end();
}

Result<std::optional<std::string>> rename_mentioned(std::string_view text, std::string_view file, const JailName &name,
                                                    std::string_view default_root, const JailName &from,
                                                    const JailName &to, const Common &common) {
  JailConfig wanted = TRY(parse_jail(text, file, name, default_root, common));
  if (!mentions(wanted, from)) return std::optional<std::string>();
  replace_once(wanted.depends, from.str(), to.str());
  for (auto &destination : wanted.spec.net.connect)
    if (destination.jail == from.str()) destination.jail = to.str();
  const auto rename = [&](std::string_view word) {
    const auto destination = parse_destination(word);
    if (!destination || destination->jail != from.str()) return std::string(word);
    return to.str() + std::string(word.substr(from.str().size()));
  };
  TomlLines lines(text, TRY(parse_toml(text, file)));
  lines.change_texts("", "depends", rename);
  lines.change_texts("net", "connect", rename);
  std::string edited = lines.text();
  const auto back = parse_jail(edited, file, name, default_root, common);
  if (back && *back == wanted) return std::optional(std::move(edited));
  return fail(ErrorKind::Malformed,
              fmt::format("{} mentions jail {}, by a variable, an included file or the defaults: change that by hand",
                          printable(file), from.str()));
}

} // namespace jails
