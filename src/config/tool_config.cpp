#include "config/tool_config.h"

#include "config/document.h"
#include "config/layers.h"
#include "config/reader.h"
#include "config/sections.h"

#include <array>

namespace jails {

static constexpr auto kKeys = with_shared_keys({"base", "defaults", "variables"});

// Keys that no jail.toml has. Values are judged with each jail: they may have variables of it.
static void check_defaults(TableReader &top) {
  const auto *defaults = top.table("defaults");
  (void)top.table("variables");
  if (defaults != nullptr) note_unknown_keys(top.notes(), *defaults, "defaults.", "", jail_keys());
}

static ToolConfig read_tool(Diagnostics &notes, std::string_view text, std::string_view file) {
  ToolConfig config;
  const auto read = parse_toml(text, file);
  if (!read) {
    notes.add_whole(0, read.error().text());
    return config;
  }
  const TomlTable &table = *read;
  if (auto good = read_version(file, table, kToolVersion, config.version); !good) {
    notes.add_whole(0, good.error().text());
    return config;
  }
  TableReader top(notes, table, "", kKeys);
  (void)top.find("version");
  top.text("base", "the name of a base, like \"host\"", [&](const std::string &value) -> Status {
    TRY(check_base(value));
    config.base = value;
    return {};
  });
  const uint32_t root = top.parsed("root", "\"thin\" or \"thick\"", config.root, parse_root_kind);
  if (root != 0 && config.root == RootKind::Plain)
    top.wrong(root, "root", "expected \"thin\" or \"thick\"; \"plain\" is set in a jail, with its path");
  read_supervision(top, config.autostart, config.profile, config.restart, config.stop_grace_ms);
  read_limits(top, config.limits, config.restart, nullptr);
  read_log(top, config.log);
  check_defaults(top);
  top.done();
  if (auto common = parse_common(text, file); notes.clean() && !common) notes.add_whole(0, common.error().text());
  return config;
}

Result<ToolConfig> parse_tool(std::string_view text, std::string_view file) {
  Diagnostics notes(file);
  auto config = read_tool(notes, text, file);
  TRY(notes.status());
  return config;
}

std::vector<std::string> check_tool(std::string_view text, std::string_view file) {
  Diagnostics notes(file);
  (void)read_tool(notes, text, file);
  return notes.all();
}

std::string write_tool(const ToolConfig &config) {
  Writer out;
  out.paragraph(
      "What `jailmgr create` puts into a new jail unless its options say otherwise. Jails that exist are not\n"
      "changed. A key behind a '#' shows the default or an example; take the '#' away to set it.");
  out.key("Version of this file's format.", "version", std::to_string(kToolVersion), false);
  out.key("The base of a new root; \"host\" is the host's own programs. Default: \"host\".", "base",
          toml_string(config.base), config.base == "host");
  out.key("\"thin\": shares the base's read-only trees; \"thick\": a full copy of the base. Default: \"thin\".", "root",
          toml_string(to_string(config.root)), config.root == RootKind::Thin);
  write_supervision(out, config.autostart, config.profile, config.restart, config.stop_grace_ms);
  write_limits(out, config.limits);
  write_log(out, config.log);
  out.paragraph(
      "What every jail has, those that exist as well, unless its own file says otherwise: any key of jail.toml,\n"
      "read at each start. Texts may have ${name}, the jail's name, and [variables].");
  out.line("#[defaults]\n#profile = \"medium\"\n#[defaults.limits]\n#memory = \"1G\"\n#[variables]\n#domain = "
           "\"example.org\"");
  return out.take();
}

JailConfig new_jail(const ToolConfig &tool, JailConfig start) {
  const ToolConfig none;
  const auto take = [](auto &to, const auto &from, const auto &unset) {
    if (from != unset) to = from;
  };
  take(start.autostart, tool.autostart, none.autostart);
  take(start.root_kind, tool.root, none.root);
  take(start.base, tool.base, none.base);
  take(start.spec.profile, tool.profile, none.profile);
  take(start.spec.restart, tool.restart, none.restart);
  take(start.spec.stop_grace_ms, tool.stop_grace_ms, none.stop_grace_ms);
  take(start.spec.log, tool.log, none.log);
  for (const auto &key : limit_keys())
    if (const auto text = key.text(tool.limits); !text.empty()) (void)key.assign(start.spec.limits, text);
  return start;
}

JailConfig new_jail(const ToolConfig &tool, const JailName &name, std::string_view default_root) {
  return new_jail(tool, default_jail(name, default_root));
}

} // namespace jails
