#include "secmodel/pace.h"

#include "secmodel/jail_hooks.h"

#include <linux/bpf.h>

namespace jails {
namespace {

// The connections last: they are paced only where there is a rate.
constexpr JailHook kHooks[] = {{"pace_out", BPF_CGROUP_INET_EGRESS},
                               {"pace_in", BPF_CGROUP_INET_INGRESS},
                               {"pace_connection", BPF_CGROUP_SOCK_OPS}};

Result<bpf::Map<uint64_t, sj_pace_row>> open_rows(const Instance &instance) {
  return bpf::Map<uint64_t, sj_pace_row>::open(instance.bpffs_dir(), "pace");
}

} // namespace

Result<Pace> Pace::attach(const Instance &instance, int cgroup, uint64_t cgroup_id, std::optional<uint64_t> out,
                          std::optional<uint64_t> in) {
  Pace pace(TRY(open_rows(instance)), cgroup_id);
  TRY(attach_hooks(instance, cgroup, kHooks, pace.links_));
  TRY(pace.set(out, in));
  return pace;
}

Pace Pace::adopt(const Instance &instance, uint64_t cgroup_id, std::array<Fd, 3> links) {
  Pace pace({instance.bpffs_dir(), "pace"}, cgroup_id);
  pace.links_ = std::move(links);
  return pace;
}

Status Pace::set(std::optional<uint64_t> out, std::optional<uint64_t> in) const {
  auto row = TRY(rows_.lookup(cgroup_id_)); // there since the first program was attached
  if (!row) return fail(ErrorKind::System, "the kernel keeps no network rates for this cgroup");
  row->rate[SJ_OUT] = out.value_or(0);
  row->rate[SJ_IN] = in.value_or(0);
  TRY(rows_.update(cgroup_id_, *row, bpf::Put::Present));
  const auto back = TRY(rows_.lookup(cgroup_id_));
  if (!back || back->rate[SJ_OUT] != row->rate[SJ_OUT] || back->rate[SJ_IN] != row->rate[SJ_IN])
    return fail(ErrorKind::System, "network rates: the kernel says something else than what was written");
  return {};
}

Result<sj_pace_row> Pace::read(const Instance &instance, uint64_t cgroup_id) {
  const auto row = TRY(TRY(open_rows(instance)).lookup(cgroup_id));
  if (!row) return fail(ErrorKind::NotFound, "no network rates");
  return *row;
}

} // namespace jails
