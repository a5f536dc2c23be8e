// Configuration files on disk. They decide what root executes, so only a file that nobody else could have written
// counts.
#pragma once

#include "config/jail_config.h"
#include "config/tool_config.h"

#include <string>

namespace jails {

inline constexpr size_t kConfigFileMax = 1 << 20; // bytes

// The file's bytes. Refused: a symbolic link or anything but a regular file, an owner other than root and the caller,
// write permission for group or others, more than kConfigFileMax. NotFound when there is none.
Result<std::string> read_file(const std::string &path);

// Replaces the file whole, mode 0600: temporary file in the same directory, fsync, rename, fsync of the directory. A
// failure leaves what was there, and no temporary file.
Status write_file(const std::string &path, std::string_view bytes);

Result<JailConfig> load_jail(const std::string &path, const JailName &name, std::string_view default_root);
Status save_jail(const std::string &path, const JailConfig &config); // Usage if validate() refuses the spec
Result<ToolConfig> load_tool(const std::string &path);               // no file: the defaults
Status save_tool(const std::string &path, const ToolConfig &config);

} // namespace jails
