// How `jailmgr logs` prints a record: as it stands in the file, as JSON, or as the bytes that it was made of.
#pragma once

#include "base/error.h"
#include "log/reader.h"

#include <string>
#include <string_view>

namespace jailmgr {

class LogOutput {
public:
  struct Form {
    bool json = false, raw = false;
    bool names = false; // the jail's in front
  };
  explicit LogOutput(Form form) : form_(form) {}

  // With its newline, if it has one. But for --raw without a byte that a terminal would obey.
  [[nodiscard]] std::string render(const std::string &jail, const jails::log::Line &line) const;
  // On standard output, together with what comes next.
  jails::Status write(std::string_view text);
  jails::Status flush();

private:
  Form form_;
  std::string pending_;
};

} // namespace jailmgr
