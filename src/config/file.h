// Configuration files on disk. They decide what root executes, so only a file that nobody else could have written
// counts.
#pragma once

#include "config/jail_config.h"
#include "config/layers.h"
#include "config/tool_config.h"

#include <string>

namespace jails {

inline constexpr size_t kConfigFileMax = 1 << 20; // bytes

// The file's bytes. Refused: a symbolic link or anything but a regular file, an owner other than root and the caller,
// write permission for group or others, more than kConfigFileMax. NotFound when there is none.
Result<std::string> read_file(const std::string &path);
Result<std::string> read_any_file(const std::string &path); // whoever could have written it

// Replaces the file whole, mode 0600: temporary file in the same directory, fsync, rename, fsync of the directory. A
// failure leaves what was there, and no temporary file.
Status write_file(const std::string &path, std::string_view bytes);

// Whether it matters who could have written a file: not for one that is only judged.
enum class Trust { Checked, Any };

// What the jails of a configuration directory have in common, from its jailmgr.toml; nothing when there is none. Files
// that are included are found below it, with no link on the way; Checked: owner and mode of each directory down to them
// as well.
Result<Common> load_common(const std::string &config_dir, Trust trust = Trust::Checked);

Result<JailConfig> load_jail(const std::string &path, const JailName &name, std::string_view default_root,
                             const Common &common = {});
// Usage if validate() refuses the spec
Status save_jail(const std::string &path, const JailConfig &config, const Common &common = {});
Result<ToolConfig> load_tool(const std::string &path); // no file: the defaults
Status save_tool(const std::string &path, const ToolConfig &config);

} // namespace jails
