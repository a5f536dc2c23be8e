// Runs something in a child that is killed before its n-th system call: what a crash at any moment leaves behind.
#pragma once

#include <functional>

namespace jails::test {

// True when the child got through before the n-th call came (n counts from 1, without those that only read, map memory
// or close: the load of secmodel_jail makes ten thousand of them). SIGKILL is sent at the entry of the call, so that
// the call itself is not made.
bool run_until_call(unsigned n, const std::function<void()> &f);

} // namespace jails::test
