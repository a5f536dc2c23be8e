// Memory for a buffer that is needed now and then: it costs what was touched since it was last given back.
#pragma once

#include "base/error.h"

#include <cstddef>
#include <sys/mman.h>
#include <utility>

namespace jails::supervise {

class Pages {
public:
  static Result<Pages> map(size_t size) {
    void *at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return fail_errno("mmap");
    return Pages(static_cast<char *>(at), size);
  }
  Pages(Pages &&other) noexcept : at_(std::exchange(other.at_, nullptr)), size_(other.size_) {}
  Pages &operator=(Pages &&) = delete;
  ~Pages() {
    if (at_ != nullptr) munmap(at_, size_);
  }
  [[nodiscard]] char *data() const { return at_; }
  [[nodiscard]] size_t size() const { return size_; }
  void give_back() { madvise(at_, size_, MADV_DONTNEED); } // all bytes are 0 then

private:
  Pages(char *at, size_t size) : at_(at), size_(size) {}
  char *at_;
  size_t size_;
};

} // namespace jails::supervise
