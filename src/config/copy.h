// What becomes of jail.toml when a jail gets a copy or another name. Lines and comments that need not change stay.
#pragma once

#include "base/error.h"
#include "config/jail_config.h"
#include "config/layers.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jails {

struct CopyOptions {
  std::vector<PortReservation> ports{}; // those of the copy; none: it has none
  std::string root{};                   // of a plain one; the others have the default root
};

// The text for a copy of that name, from the text of the original: not started at boot, with ports of its own. `ready`
// and `health` that ask a port ask the one in the same place of the new list. As in edit_limits(), what cannot be
// changed by lines is written anew, or refused where the file has include or variables. Usage or Malformed: what keeps
// the copy from being one.
Result<std::string> copy_jail(std::string_view text, std::string_view file, const JailName &name,
                              std::string_view default_root, const CopyOptions &options, const Common &common = {});

// Does it depend on a jail, or connect to it, by name?
bool mentions(const JailConfig &config, const JailName &other);

// The text of jail `name` with another name for a jail that it mentions; nothing: it does not. Malformed: it does by a
// variable, an included file or the defaults, which is not for its own file to change.
Result<std::optional<std::string>> rename_mentioned(std::string_view text, std::string_view file, const JailName &name,
                                                    std::string_view default_root, const JailName &from,
                                                    const JailName &to, const Common &common = {});

} // namespace jails
