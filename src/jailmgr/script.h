// A script on its way into a jail.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/spec.h"

#include <string>
#include <string_view>

namespace jailmgr {

// From a file, from standard input ("-"), or (path empty) from standard input unless that is a terminal. Usage: empty,
// or more than 16 MiB.
jails::Result<std::string> read_script(std::string_view path);

// The script as a private file (0700) of the jail's, removed on destruction.
class ScriptFile {
public:
  // In /tmp of the jail; in / where there is none or the configuration mounts something on it. Also removes scripts
  // there that nobody runs any more. root: its root directory, of a jail that is up.
  static jails::Result<ScriptFile> place(const jails::Spec &spec, const jails::Fd &root, std::string_view text);
  ScriptFile(ScriptFile &&) = default;
  ScriptFile &operator=(ScriptFile &&) = delete;
  ~ScriptFile();

  [[nodiscard]] const std::string &path() const { return path_; } // in the jail

private:
  ScriptFile() = default;
  jails::Fd dir_;  // invalid: nothing to remove
  jails::Fd file_; // locked: it is in use
  std::string name_, path_;
};

} // namespace jailmgr
