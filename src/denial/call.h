// System calls as objects of the ledger.
#pragma once

#include "abi/denials.h"

#include <cstdint>
#include <span>
#include <string>

namespace jails::denial {

// The number, and of the arguments those that tell what was wanted: the ones that rules look at, and a few more. Never
// a pointer, whose value would make a row for each call.
sj_object object_of_call(uint32_t nr, std::span<const uint64_t, 6> args);

// "ptrace(request=16)", "socket(family=17 PACKET, type=3 RAW, protocol=768)"; a number without a name: "call 700".
std::string call_text(const sj_object &object);

// The arguments as object_of_call() kept them, the others 0.
void arguments_of(const sj_object &object, std::span<__u64, 6> args);

} // namespace jails::denial
