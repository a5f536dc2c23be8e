// Everything a process passes through to become jailed, seen from the parent.
#pragma once

#include "anchor/protocol.h"
#include "base/error.h"
#include "base/fd.h"
#include "model/spec.h"

#include <vector>

namespace jails::launch {

struct Request {
  const Spec &spec;
  int cgroup = -1;           // directory of the jail's v2 cgroup
  std::vector<int> v1_procs; // open cgroup.procs files to join
  uint32_t probe_port = 0;   // a UDP port that the jail may not bind; tried at the end
  uint32_t call_port = 0;    // a port of 169.254.255.254 that the jail may not call; 0: not tried
};

// A jail that stands and has no workload yet. Owned: the destructor kills and reaps the anchor unless release() was
// called.
class Anchor {
public:
  // listener() is -1 until set_listener(), and stays so where the filter has none (sj_has_listener).
  Anchor(pid_t pid, Fd pidfd, Fd channel, Fd pts)
      : pid_(pid), pidfd_(std::move(pidfd)), channel_(std::move(channel)), pts_(std::move(pts)) {}
  Anchor(Anchor &&other) noexcept;
  Anchor &operator=(Anchor &&other) noexcept;
  ~Anchor() { end(); }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  [[nodiscard]] int channel() const { return channel_.get(); }
  [[nodiscard]] int pts() const { return pts_.get(); }
  // Where the calls that the filter refuses wait for their answers (notify.h). Whoever has the anchor has to serve it.
  [[nodiscard]] int listener() const { return listener_.get(); }
  void set_listener(Fd listener) { listener_ = std::move(listener); }
  // Somebody else reaped it.
  void forget() { pid_ = 0; }

private:
  void end();
  pid_t pid_ = 0;
  Fd pidfd_, channel_, pts_, listener_;
};

// Makes the jail's anchor behind every guard and verifies each. On failure nothing of it is left, and the error names
// the guard or the step. The caller has one thread.
Result<Anchor> launch(const Request &request);

} // namespace jails::launch
