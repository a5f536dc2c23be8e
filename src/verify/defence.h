#pragma once

#include "model/instance.h"
#include "verify/report.h"

namespace jails::verify {

// Which lines of defence stand on this machine: Landlock, each BPF program of the model, the BPF LSM.
std::vector<Defence> defences(const Instance &instance);

} // namespace jails::verify
