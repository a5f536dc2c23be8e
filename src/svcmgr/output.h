// What services write, line by line with the service's name before it, to our own standard output and error.
#pragma once

#include "base/fd.h"
#include "log/line.h"

#include <string>

namespace svcmgr {

class Output {
public:
  // to: 1 or 2
  Output(jails::Fd pipe, std::string name, int to) : pipe_(std::move(pipe)), name_(std::move(name)), to_(to) {}
  [[nodiscard]] int fd() const { return pipe_.get(); }
  // False at the end: everything that had it has closed it.
  bool read();

private:
  void print(std::string_view line);
  jails::Fd pipe_;
  std::string name_;
  int to_;
  jails::log::LineSplitter lines_;
};

} // namespace svcmgr
