#include "secmodel/sockbuf.h"

#include "secmodel/jail_hooks.h"

#include <algorithm>
#include <linux/bpf.h>

namespace jails {
namespace {

constexpr JailHook kHooks[] = {{"sockbuf_create", BPF_CGROUP_INET_SOCK_CREATE},
                               {"sockbuf_option", BPF_CGROUP_SETSOCKOPT},
                               {"sockbuf_bind4", BPF_CGROUP_INET4_BIND},
                               {"sockbuf_bind6", BPF_CGROUP_INET6_BIND},
                               {"sockbuf_connect4", BPF_CGROUP_INET4_CONNECT},
                               {"sockbuf_connect6", BPF_CGROUP_INET6_CONNECT},
                               {"sockbuf_sendmsg4", BPF_CGROUP_UDP4_SENDMSG},
                               {"sockbuf_sendmsg6", BPF_CGROUP_UDP6_SENDMSG},
                               {"sockbuf_tcp", BPF_CGROUP_SOCK_OPS}};
static_assert(std::size(kHooks) == Sockbuf::kLinks);

Result<bpf::Map<uint64_t, sj_sockbuf_row>> open_rows(const Instance &instance) {
  return bpf::Map<uint64_t, sj_sockbuf_row>::open(instance.bpffs_dir(), "sockbuf");
}

} // namespace

Result<Sockbuf> Sockbuf::attach(const Instance &instance, int cgroup, uint64_t cgroup_id, uint64_t ceiling) {
  Sockbuf sockbuf(TRY(open_rows(instance)), cgroup_id);
  TRY(attach_hooks(instance, cgroup, kHooks, sockbuf.links_));
  TRY(sockbuf.set(ceiling));
  return sockbuf;
}

Sockbuf Sockbuf::adopt(const Instance &instance, uint64_t cgroup_id, std::array<Fd, kLinks> links) {
  Sockbuf sockbuf({instance.bpffs_dir(), "sockbuf"}, cgroup_id);
  sockbuf.links_ = std::move(links);
  return sockbuf;
}

Status Sockbuf::set(uint64_t ceiling) const {
  auto row = TRY(rows_.lookup(cgroup_id_)); // there since the first program was attached
  if (!row) return fail(ErrorKind::System, "the kernel keeps no socket buffer ceiling for this cgroup");
  row->ceiling = std::min<uint64_t>(ceiling, INT32_MAX); // no buffer is larger (net/core/sock.c)
  TRY(rows_.update(cgroup_id_, *row, bpf::Put::Present));
  const auto back = TRY(rows_.lookup(cgroup_id_));
  if (!back || back->ceiling != row->ceiling)
    return fail(ErrorKind::System, "socket buffers: the kernel says something else than what was written");
  return {};
}

Result<sj_sockbuf_row> Sockbuf::read(const Instance &instance, uint64_t cgroup_id) {
  const auto row = TRY(TRY(open_rows(instance)).lookup(cgroup_id));
  if (!row) return fail(ErrorKind::NotFound, "no ceiling of socket buffers");
  return *row;
}

} // namespace jails
