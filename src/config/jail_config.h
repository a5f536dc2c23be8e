// jail.toml: what a person writes about one jail. Text to value and back; files in config/file.h.
#pragma once

#include "base/error.h"
#include "model/readiness.h"
#include "model/spec.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace jails {

enum class RootKind : uint8_t {
  Thin,  // the base's read-only trees are mounted into the jail's own root (the default)
  Plain, // the directory `root.path` (spec.root) as it is; the other kinds use the default root and have no path
  Thick, // a full copy of the base
};
Result<RootKind> parse_root_kind(std::string_view text); // thin, plain, thick
std::string_view to_string(RootKind kind);

// The name of a base below DATA/base: 1 to 63 of [A-Za-z0-9._:-], not starting with "." or "-".
Status check_base(std::string_view name);

// 2: ${x} in a text is a variable. What a file of version 1 says is what it said then.
inline constexpr int kConfigVersion = 2;

struct JailConfig {
  Spec spec;
  bool autostart = false;
  RootKind root_kind = RootKind::Thin;
  std::string base = "host";
  std::string command_line; // command as written, when it was a string; empty: a list or none. spec.command is in force
  std::vector<std::string> depends{}; // names of jails that come up before it; not its own
  std::vector<std::string> tags{};    // words to select jails by
  Readiness ready{};
  uint32_t ready_timeout_ms = kReadyTimeoutMs; // 0 to kReadyTimeoutMaxMs
  std::string provision_script{}; // run in it by `jailmgr up`; below the configuration directory; empty: none
  int version = 1;                // of the file, up to kConfigVersion

  friend bool operator==(const JailConfig &, const JailConfig &) = default;
};

// What both the file and the command line go through. Usage.
Status add_tag(std::vector<std::string> &tags, std::string_view tag);
Status add_dependency(JailConfig &config, std::string_view name);
Status check_readiness(const JailConfig &config); // a port has to be one of the jail's

// A jail of that name with every key at its default.
JailConfig default_jail(const JailName &name, std::string_view default_root);

struct Common; // layers.h

// The whole text of a jail.toml. `file` is what diagnostics call it: Malformed "FILE:LINE: key 'ports': ...", the first
// by line. Unknown keys, wrong types, newer versions and anything that validate() refuses are errors.
Result<JailConfig> parse_jail(std::string_view text, std::string_view file, const JailName &name,
                              std::string_view default_root);
Result<JailConfig> parse_jail(std::string_view text, std::string_view file, const JailName &name,
                              std::string_view default_root, const Common &common);

// Every error of it, one line each; empty: it is good.
std::vector<std::string> check_jail(std::string_view text, std::string_view file, const JailName &name,
                                    std::string_view default_root, const Common &common);

// A commented file for a person to edit; a key at its default is written commented out. parse_jail() of it gives the
// same value (for a config that validate() accepts, and the default root that it was made with). What config has from
// include and variables becomes plain values. With `common`: what [defaults] say already is not said again.
std::string write_jail(const JailConfig &config);
std::string write_jail(const JailConfig &config, const Common &common);

} // namespace jails
