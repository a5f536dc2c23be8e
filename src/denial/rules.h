// The rules by which the kernel side and the supervisor refuse, in words.
#pragma once

#include "abi/secmodel_jail.h"

namespace jails::denial {

struct Rule {
  sj_rule rule;
  const char *name;  // as `jailctl why` and the metrics have it
  const char *scope; // "network", "device", "sysctl", "syscall"
  const char *words; // completes "refused: "
};
const Rule &describe(sj_rule rule); // rule < SJ_RULES

} // namespace jails::denial
