// /etc/jailmgr/jailmgr.toml: what `jailmgr create` puts into a new jail when the command line does not say. Its tables
// [defaults] and [variables], which every jail reads, are in layers.h.
#pragma once

#include "config/jail_config.h"

namespace jails {

inline constexpr int kToolVersion = 1;

struct ToolConfig {
  std::string base = "host";
  RootKind root = RootKind::Thin; // never Plain
  Profile profile = Profile::High;
  bool autostart = false;
  Restart restart{};
  uint32_t stop_grace_ms = 5000;
  Limits limits;
  LogSpec log;
  int version = kToolVersion;

  friend bool operator==(const ToolConfig &, const ToolConfig &) = default;
};

// As parse_jail() and write_jail().
Result<ToolConfig> parse_tool(std::string_view text, std::string_view file);
std::vector<std::string> check_tool(std::string_view text, std::string_view file); // as check_jail()
std::string write_tool(const ToolConfig &config);

// A new jail's configuration: what the tool sets, over `start` or a jail with every key at its default.
JailConfig new_jail(const ToolConfig &tool, JailConfig start);
JailConfig new_jail(const ToolConfig &tool, const JailName &name, std::string_view default_root);

} // namespace jails
