#include "config/tool_config.h"

#include "config/document.h"
#include "config/reader.h"
#include "config/sections.h"

#include <array>

namespace jails {

static constexpr auto kKeys = std::to_array<std::string_view>({"version",
                                                               "base",
                                                               "root",
                                                               "profile",
                                                               "autostart",
                                                               "restart",
                                                               "restart_limit",
                                                               "restart_window",
                                                               "stop_grace",
                                                               "limits",
                                                               "limits.memory",
                                                               "limits.processes",
                                                               "limits.files",
                                                               "limits.sockbuf",
                                                               "limits.cpu_quota",
                                                               "limits.cpu_period",
                                                               "log",
                                                               "log.facility",
                                                               "log.out_level",
                                                               "log.err_level",
                                                               "log.tag"});

Result<ToolConfig> parse_tool(std::string_view text, std::string_view file) {
  const TomlTable table = TRY(parse_toml(text, file));
  ToolConfig config;
  TRY(read_version(file, table, config.version));

  Diagnostics notes(file);
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
  read_limits(top, config.limits);
  read_log(top, config.log);
  top.done();
  TRY(notes.status());
  return config;
}

std::string write_tool(const ToolConfig &config) {
  Writer out;
  out.paragraph(
      "What `jailmgr create` puts into a new jail unless its options say otherwise. Jails that exist are not\n"
      "changed. A key behind a '#' shows the default or an example; take the '#' away to set it.");
  out.key("Version of this file's format.", "version", std::to_string(kConfigVersion), false);
  out.key("The base of a new root; \"host\" is the host's own programs. Default: \"host\".", "base",
          toml_string(config.base), config.base == "host");
  out.key("\"thin\": shares the base's read-only trees; \"thick\": a full copy of the base. Default: \"thin\".", "root",
          toml_string(to_string(config.root)), config.root == RootKind::Thin);
  write_supervision(out, config.autostart, config.profile, config.restart, config.stop_grace_ms);
  write_limits(out, config.limits);
  write_log(out, config.log);
  return out.take();
}

JailConfig new_jail(const ToolConfig &tool, const JailName &name, std::string_view default_root) {
  JailConfig config = default_jail(name, default_root);
  config.autostart = tool.autostart;
  config.root_kind = tool.root;
  config.base = tool.base;
  config.spec.profile = tool.profile;
  config.spec.restart = tool.restart;
  config.spec.stop_grace_ms = tool.stop_grace_ms;
  config.spec.limits = tool.limits;
  config.spec.log = tool.log;
  return config;
}

} // namespace jails
