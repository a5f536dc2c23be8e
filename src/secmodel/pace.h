// Network rates of one running jail: the pinned programs of kernel/linux/pace.bpf.c on its cgroup.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/instance.h"
#include "secmodel/bpf.h"

#include "abi/pace.h"

#include <array>
#include <cstdint>
#include <optional>

namespace jails {

class Pace {
public:
  // Hangs the programs on the v2 cgroup; they stay for as long as this lives. Bytes a second; absent: any. Unsupported:
  // the kernel does not take them there. Read back before it returns.
  static Result<Pace> attach(const Instance &instance, int cgroup, uint64_t cgroup_id, std::optional<uint64_t> out,
                             std::optional<uint64_t> in);
  // Of links that another program of ours attached, and left open.
  static Pace adopt(const Instance &instance, uint64_t cgroup_id, std::array<Fd, 3> links);
  [[nodiscard]] const std::array<Fd, 3> &links() const { return links_; }
  // Other rates, from the next packet on. Connections that are there already keep the pace that they were given.
  [[nodiscard]] Status set(std::optional<uint64_t> out, std::optional<uint64_t> in) const;

  // Of a cgroup that somebody attached them to. NotFound: nobody did.
  static Result<sj_pace_row> read(const Instance &instance, uint64_t cgroup_id);

private:
  Pace(bpf::Map<uint64_t, sj_pace_row> rows, uint64_t cgroup_id) : rows_(std::move(rows)), cgroup_id_(cgroup_id) {}
  bpf::Map<uint64_t, sj_pace_row> rows_;
  uint64_t cgroup_id_;
  std::array<Fd, 3> links_;
};

} // namespace jails
