// What a jail uses at one moment, for whoever looks again and again: only the files that are asked for are read.
#pragma once

#include "cgroup/group.h"

#include <cstdint>
#include <optional>

namespace jails::cgroup {

struct Wants {
  bool memory = false, swap = false, processes = false, cpu = false, io = false;
};

// Absent: not asked for, or the kernel does not count it for this jail (see Figures).
struct Sample {
  std::optional<uint64_t> memory; // bytes, without the pages of files that the kernel would give up at once
  std::optional<uint64_t> swap;
  std::optional<uint64_t> processes; // and threads, without the anchor
  std::optional<uint64_t> cpu_us;    // since the cgroup was made
  std::optional<uint64_t> read_bytes, written_bytes;
};

Sample read_sample(const Group &group, const Wants &wants, pid_t anchor);

} // namespace jails::cgroup
