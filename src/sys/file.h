// Small files: kernel files, pid files, state. Everything by descriptor, bounded, with the name in the error.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <string>
#include <string_view>
#include <vector>

namespace jails::sys {

// Whole content, at most max bytes (longer is Malformed).
Result<std::string> read_all(int fd, size_t max);
Result<std::string> read_file(const std::string &path, size_t max);
Result<std::string> read_file_at(int dir, const std::string &path, size_t max);

// One write(2) of the whole text into an existing file (kernel files).
Status write_file(const std::string &path, std::string_view text);
Status write_file_at(int dir, const std::string &path, std::string_view text);

// Replaces path by tmp file and rename: old or new, never between (rename(2)). A kill leaves PATH.new at most, which
// the next one removes. mode as given, owner root. For what a reboot takes away anyway; configuration has its own
// write_file() with fsync (config/file.h).
Status replace_file(const std::string &path, std::string_view text, mode_t mode);

// mkdir -p for the last two components at most, mode as given for what it makes. True when something was made.
Result<bool> make_dir(const std::string &path, mode_t mode);

// The names in a directory, unsorted, "." and ".." among them.
Result<std::vector<std::string>> names_in(int dir);

// Removes a tree below dir without following links or leaving its file system; nothing there is no error.
Status remove_tree(int dir, const std::string &name);

} // namespace jails::sys
