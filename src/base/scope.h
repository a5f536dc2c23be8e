// Undo steps: run on scope exit unless dismissed.
#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace jails {

template <class F> class [[nodiscard]] ScopeExit {
public:
  explicit ScopeExit(F f) : f_(std::move(f)) {}
  ScopeExit(const ScopeExit &) = delete;
  ScopeExit &operator=(const ScopeExit &) = delete;
  ~ScopeExit() {
    if (armed_) f_();
  }
  void dismiss() { armed_ = false; }

private:
  F f_;
  bool armed_ = true;
};

// A list of steps walked backwards on destruction: what a half-done start needs.
class UndoList {
public:
  UndoList() = default;
  UndoList(const UndoList &) = delete;
  UndoList &operator=(const UndoList &) = delete;
  ~UndoList() {
    while (!steps_.empty()) {
      auto step = std::move(steps_.back());
      steps_.pop_back();
      step();
    }
  }
  void add(std::move_only_function<void()> step) { steps_.push_back(std::move(step)); }
  void dismiss() { steps_.clear(); }

private:
  std::vector<std::move_only_function<void()>> steps_;
};

} // namespace jails
