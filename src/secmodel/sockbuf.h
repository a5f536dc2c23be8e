// The ceiling of the socket buffers of one running jail: the pinned programs of kernel/linux/sockbuf.bpf.c on its
// cgroup.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/instance.h"
#include "secmodel/bpf.h"

#include "abi/sockbuf.h"

#include <array>
#include <cstdint>

namespace jails {

class Sockbuf {
public:
  static constexpr size_t kLinks = 9;

  // Hangs the programs on the v2 cgroup; they stay for as long as this lives. Bytes. Unsupported: the kernel does not
  // take them there. Read back before it returns.
  static Result<Sockbuf> attach(const Instance &instance, int cgroup, uint64_t cgroup_id, uint64_t ceiling);
  // Of links that another program of ours attached, and left open.
  static Sockbuf adopt(const Instance &instance, uint64_t cgroup_id, std::array<Fd, kLinks> links);
  [[nodiscard]] const std::array<Fd, kLinks> &links() const { return links_; }
  // Another ceiling. Sockets that are in use already keep what they have until they ask for more (setsockopt(2)), or
  // send to an address.
  [[nodiscard]] Status set(uint64_t ceiling) const;

  // Of a cgroup that somebody attached them to. NotFound: nobody did.
  static Result<sj_sockbuf_row> read(const Instance &instance, uint64_t cgroup_id);

private:
  Sockbuf(bpf::Map<uint64_t, sj_sockbuf_row> rows, uint64_t cgroup_id)
      : rows_(std::move(rows)), cgroup_id_(cgroup_id) {}
  bpf::Map<uint64_t, sj_sockbuf_row> rows_;
  uint64_t cgroup_id_;
  std::array<Fd, kLinks> links_;
};

} // namespace jails
