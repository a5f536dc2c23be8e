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
    {SJ_RULE_CALL_HOST, "call-host", "network", "call of a service of the host"},
    {SJ_RULE_CALL_JAIL, "call-jail", "network", "call of a port that another jail has reserved"},
    {SJ_RULE_CALL_NEAR, "call-near", "network", "call of a link-local, multicast or broadcast address"},
    {SJ_RULE_ADDRESS, "address", "network", "use of an address that the jail is not pinned to"},
    {SJ_RULE_BIND_SHARED, "bind-shared", "network", "bind of a port that is served outside the jail"},
    {SJ_RULE_SIGNAL, "signal", "process", "signal to a process that is not of the same jail"},
    {SJ_RULE_TRACE, "trace", "process", "tracing a process that is not of the same jail"},
    {SJ_RULE_ADJUST, "adjust", "process", "change of a process that is not of the same jail"},
    {SJ_RULE_BIND_ABSTRACT, "bind-abstract", "network", "bind of a name in the abstract namespace of the host"},
    {SJ_RULE_FILES, "open-files", "files", "opening more files than the jail may have open"},
    {SJ_RULE_SYSCALL, "syscall", "syscall", "system call outside the profile"},
    {SJ_RULE_CALL_ABSTRACT, "call-abstract", "network", "call of a socket in the abstract namespace of the host"},
    {SJ_RULE_LANDLOCK, "landlock", "files", "act that the jail's Landlock domain refuses"},
};
static_assert(std::size(kRules) == SJ_RULES);

const Rule &describe(sj_rule rule) { return *std::ranges::find(kRules, rule, &Rule::rule); }

} // namespace jails::denial
