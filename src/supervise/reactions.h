// Watches what a jail uses, once a second, and says when a configured condition holds. Made only where there is one.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/sample.h"
#include "model/reaction.h"
#include "model/spec.h"
#include "supervise/event_loop.h"
#include "supervise/protocol.h"
#include "supervise/state.h"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace jails::supervise {

class Reactions {
public:
  // What it needs of the supervisor.
  struct Jail {
    std::move_only_function<bool()> still; // frozen, or on its way down: nothing is to be learned from it
    std::move_only_function<cgroup::Sample(const cgroup::Wants &)> sample;
    std::move_only_function<Result<std::array<uint64_t, 2>>()> traffic; // bytes received and sent since it was made
    // A condition holds. why: "memory 93% (memory > 90% for 10s)"
    std::move_only_function<void(const Reaction &, const std::string &use, const std::string &why)> react;
  };

  // Looks at once. What the kernel does not count for this jail is an error that names the condition, or with
  // limits.best_effort a warning. spec: outlives it.
  static Result<std::unique_ptr<Reactions>> create(EventLoop &loop, const Spec &spec, Jail jail,
                                                   std::vector<std::string> &warnings);
  Reactions(const Reactions &) = delete;
  Reactions &operator=(const Reactions &) = delete;
  ~Reactions() { loop_.remove(timer_.get()); }

  [[nodiscard]] std::vector<ReactionState> states() const;
  // For who goes on with it: by the lines as they are configured.
  [[nodiscard]] std::vector<WatchState> save() const;
  void restore(const std::vector<WatchState> &watches);

private:
  struct Watch {
    ReactionJudge judge;
    std::string use; // as last seen, in words
    uint64_t fired = 0, fired_at = 0;
  };
  struct Counter {
    uint64_t value = 0, at_ms = 0;
  };
  using Uses = std::array<std::optional<double>, kSubjects>;

  Reactions(EventLoop &loop, const Spec &spec, Jail jail);
  void look();
  [[nodiscard]] Result<Uses> uses();
  std::optional<double> rate(Subject subject, std::optional<uint64_t> counter, double scale);

  EventLoop &loop_;
  const Spec &spec_;
  Jail jail_;
  Fd timer_;
  cgroup::Wants wants_;
  bool wants_traffic_ = false;
  std::vector<Watch> watches_; // one for each of spec_.reactions
  std::array<Counter, kSubjects> before_{};
  std::array<bool, kSubjects> counted_{}; // was there a figure at all?
};

} // namespace jails::supervise
