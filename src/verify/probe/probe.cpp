// The probe of `jailctl verify` (wire.h): a loop around the system call instruction.
#include "anchor/raw.h"
#include "verify/probe/wire.h"

#include <asm/unistd.h>

namespace {

using namespace jails::verify;
using raw::call;

alignas(16) Order order;
ProbeAnswer answer;

constexpr long kSigchld = 17;

[[noreturn]] void end() {
  call(__NR_exit_group, 0);
  __builtin_unreachable();
}

void read_order() {
  unsigned long got = 0;
  while (got < sizeof order) {
    const long n = call(__NR_read, 0, reinterpret_cast<char *>(&order) + got, sizeof order - got);
    if (n <= 0) end(); // jailctl is gone
    got += static_cast<unsigned long>(n);
  }
}

void reply(uint64_t serial, long result) {
  answer.serial = serial;
  answer.result = result;
  memcpy(answer.data, order.data, sizeof answer.data);
  if (call(__NR_write, 1, &answer, sizeof answer) < 0) end();
}

void make_call() {
  const auto &a = order.arguments;
  const long rc = raw::raw_call(order.number, static_cast<long>(a[0]), static_cast<long>(a[1]), static_cast<long>(a[2]),
                                static_cast<long>(a[3]), static_cast<long>(a[4]), static_cast<long>(a[5]));
  const bool forks = order.number == __NR_clone || order.number == __NR_fork;
  if (forks && rc == 0) end(); // it worked, which is all that was asked
  reply(order.serial, rc);
}

void fork_and_wait() {
  const long pid = call(__NR_clone, kSigchld, 0, 0, 0, 0);
  if (pid <= 0) { // in the child, or it could not be made
    reply(order.serial, pid);
    return;
  }
  int status = 0;
  call(__NR_wait4, pid, &status, 0, 0);
  reply(0, status);
}

} // namespace

extern "C" [[noreturn]] void probe_main() {
  while (true) {
    read_order();
    switch (order.op) {
    case ProbeOp::Hello: reply(order.serial, reinterpret_cast<long>(order.data)); break;
    case ProbeOp::Call: make_call(); break;
    case ProbeOp::Fork: fork_and_wait(); break;
    default: end();
    }
  }
}

asm(".globl _start\n_start:\n  xor %ebp, %ebp\n  and $-16, %rsp\n  call probe_main\n");
