// -u of the verbs that run a command in a jail.
#pragma once

#include "base/error.h"
#include "base/options.h"

#include <string>

namespace jailctl {

inline jails::Option user_option(std::string &user) {
  return {'u',
          "user",
          "USER[:GROUP]",
          "as this user of the jail (name or uid; default root)",
          [&user](std::string_view text) -> jails::Status {
            // And not root for an empty variable.
            if (text.empty()) return jails::fail(jails::ErrorKind::Usage, "expected a user");
            user = text;
            return {};
          },
          true};
}

} // namespace jailctl
