// Turns over two pipes: each is two switches of tasks, and next to nothing else.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <string>
#include <sys/types.h>

namespace jails::bench {

// This process and a child that answers it. The child ends with the object. Both are on the CPU, and in the cgroup, of
// the process that calls start().
class Pipes {
public:
  static Result<Pipes> start();
  Pipes(Pipes &&other) noexcept;
  Pipes &operator=(Pipes &&) = delete;
  ~Pipes();

  [[nodiscard]] Status turn() const; // there and back

private:
  Pipes(Fd read_end, Fd write_end, pid_t child)
      : read_(std::move(read_end)), write_(std::move(write_end)), child_(child) {}
  Fd read_, write_;
  pid_t child_;
};

Status pin_to_cpu(int cpu); // the calling process

// A process of its own, pinned to CPU 0, that turns when it is told to.
class Turner {
public:
  // cgroup: a directory to join first; "": the caller's.
  static Result<Turner> start(const std::string &cgroup);
  Turner(Turner &&other) noexcept;
  Turner &operator=(Turner &&) = delete;
  ~Turner();

  [[nodiscard]] Result<double> turns(int count) const; // seconds of one, the mean

private:
  Turner(Fd socket, pid_t child) : socket_(std::move(socket)), child_(child) {}
  Fd socket_;
  pid_t child_;
};

} // namespace jails::bench
