// What the kernel has counted for each jail. No daemon samples: the numbers are made by programs on sched_switch and by
// a task iterator, and read here.
#pragma once

#include "base/error.h"
#include "model/ids.h"
#include "model/instance.h"
#include "secmodel/tables.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace jails {

struct Traffic {
  uint64_t bytes = 0; // of IP packets, headers included
  uint64_t packets = 0;
};

struct JailUsage {
  JailRow jail;
  uint64_t cpu_ticks_1s = 0;             // CPU time in the last full second of CLOCK_MONOTONIC, 1/100 s, rounded
  double cpu_ticks_10s_avg = 0;          // mean of the last ten full seconds, 1/100 s
  uint64_t cpu_total_ns = 0;             // since the jail was created
  uint64_t processes = 0;                // members without the anchor; zombies do not count
  uint64_t references = 0;               // members with the anchor
  uint64_t threads = 0;                  // of all members
  Denials denials = {};                  // since the jail was created
  uint64_t vmem_bytes = 0;               // sum of the members' virtual sizes, the anchor's included
  std::optional<uint64_t> rss_bytes = 0; // the same of what is resident: what two share counts twice. Absent: unknown
  Traffic in = {}, out = {};             // since the jail was created, loopback included
};

class Telemetry {
public:
  // Errors as Tables::open.
  static Result<Telemetry> open(const Instance &instance);

  // All jails, sorted by jid: one pass over the tables and one over the machine's tasks. Time of threads that run right
  // now is included.
  [[nodiscard]] Result<std::vector<JailUsage>> snapshot() const;

  [[nodiscard]] const Tables &tables() const { return tables_; }

private:
  Telemetry(Tables tables, Fd tasks) : tables_(std::move(tables)), tasks_(std::move(tasks)) {}
  // A jailed thread that was on a CPU when the iterator passed.
  struct OnCpu {
    Jid jid;
    size_t cpu;
    uint64_t from_ns;
  };
  [[nodiscard]] Result<std::vector<OnCpu>> add_tasks(std::vector<JailUsage> &usage) const;
  [[nodiscard]] Status add_cpu(std::vector<JailUsage> &usage, const std::vector<OnCpu> &on_cpu) const;
  [[nodiscard]] Status add_denials(std::vector<JailUsage> &usage) const;

  Tables tables_;
  Fd tasks_; // the pinned iterator link
};

} // namespace jails
