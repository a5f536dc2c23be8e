#include "denial/rules.h"

#include <algorithm>
#include <iterator>

namespace jails::denial {

static constexpr Rule kRules[] = {
    {SJ_RULE_BIND_OWNED, "bind-owned", "network", "bind of a port that a jail has reserved"},
    {SJ_RULE_BIND_UNRESERVED, "bind-unreserved", "network", "bind of a port that this jail has not reserved"},
    {SJ_RULE_LISTEN_UNBOUND, "listen-unbound", "network", "connections to a port that this jail has not reserved"},
    {SJ_RULE_DEVICE, "device", "device", "use of a device that is not in the jail's /dev"},
    {SJ_RULE_SYSCTL, "sysctl", "sysctl", "write of a setting of the kernel"},
    {SJ_RULE_SYSCALL, "syscall", "syscall", "system call outside the profile"},
};
static_assert(std::size(kRules) == SJ_RULES);

const Rule &describe(sj_rule rule) { return *std::ranges::find(kRules, rule, &Rule::rule); }

} // namespace jails::denial
