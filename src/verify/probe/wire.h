// What jailctl and the probe say to each other over two pipes. The probe runs in a jail (and, as a control, outside):
// it makes the system calls that it is told to and reports what they returned, nothing else. All judging is done by
// jailctl. Answers are untrusted: the jail's root may own the probe.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jails::verify {

constexpr size_t kProbeData = 3968;

enum class ProbeOp : uint32_t {
  Hello = 1, // answered with the address of Order::data, for arguments that point into it
  Call = 2,  // one system call
  Fork = 3,  // what follows is done by a child
  Leave = 4  // the child ends; its parent answers, with serial 0 and the wait status, and goes on
};

// Both are written and read as a whole; at most PIPE_BUF, so that no write is cut.
struct Order {
  ProbeOp op;
  uint32_t number; // of the system call
  uint64_t serial;
  uint64_t arguments[6];
  char data[kProbeData];
};
struct ProbeAnswer {
  uint64_t serial;
  int64_t result; // as the kernel gives it: negative errno, or the result
  char data[kProbeData];
};
static_assert(sizeof(Order) <= 4096 && sizeof(ProbeAnswer) <= 4096);

} // namespace jails::verify
