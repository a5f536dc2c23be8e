#include "secmodel/tables.h"

namespace jails {
namespace {

struct Guard {
  const char *link;
  const char *purpose;
};
constexpr Guard kAtRoot[] = {{"root_bind4", "port ownership"},
                             {"root_bind6", "port ownership"},
                             {"root_post_bind4", "port ownership"},
                             {"root_post_bind6", "port ownership"}};
constexpr Guard kAtJails[] = {{"jail_bind4", "ports of a jail"},
                              {"jail_bind6", "ports of a jail"},
                              {"jail_ingress", "connections to a jail"},
                              {"jail_egress", "calls to the host"},
                              {"jail_connect4", "calls to the host"},
                              {"jail_connect6", "calls to the host"},
                              {"jail_sendmsg4", "calls to the host"},
                              {"jail_sendmsg6", "calls to the host"},
                              {"jail_device", "devices"},
                              {"jail_sysctl", "sysctl writes"}};

Status check(const std::string &links, const Guard &guard, uint64_t cgroup) {
  const auto link = bpf::open_pinned(links + "/" + guard.link);
  const auto info = link ? bpf::link_info(*link) : std::unexpected(link.error());
  if (info && info->cgroup_id == cgroup) return {};
  return fail(ErrorKind::Unsupported, std::string("guard is not attached: ") + guard.purpose + " (" + guard.link +
                                          "); 'jailctl load' puts it right");
}

} // namespace

Status Tables::check_guards() const {
  for (const auto &guard : kAtRoot) TRY(check(links_, guard, settings_.root_cgroup));
  for (const auto &guard : kAtJails) TRY(check(links_, guard, settings_.parent_cgroup));
  return {};
}

} // namespace jails
