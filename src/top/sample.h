// Looks at all jails of the host, again and again: what the tables, cgroups and /proc say, and rates since the last
// look.
#pragma once

#include "base/error.h"
#include "model/instance.h"
#include "stats/collect.h"
#include "top/list.h"

#include <map>
#include <vector>

namespace jails::top {

class Sampler {
public:
  explicit Sampler(const Instance &instance) : instance_(&instance) {}
  // Those that are registered, and those that jailmgr has configured; by name.
  Result<std::vector<Line>> look();

private:
  struct Counters {
    uint64_t at_ns = 0; // CLOCK_MONOTONIC
    uint64_t cpu_ns = 0;
    std::optional<uint64_t> read, written;
    uint64_t in = 0, out = 0;
  };
  void add_rates(Line &line, const stats::JailStats &jail);

  const Instance *instance_;
  std::map<Jid, Counters> before_;
};

} // namespace jails::top
