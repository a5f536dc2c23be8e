// Bytes of the control protocol and of a Spec handed to the supervisor: 32-bit integers in host order and strings with
// their length before them. Both ends are programs of one installation on one machine; the version stands first.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace jails::supervise {

class Writer {
public:
  void number(uint32_t value) { bytes_.append(reinterpret_cast<const char *>(&value), sizeof value); }
  void number64(uint64_t value) { bytes_.append(reinterpret_cast<const char *>(&value), sizeof value); }
  void text(std::string_view value) {
    number(static_cast<uint32_t>(value.size()));
    bytes_.append(value);
  }
  void texts(const std::vector<std::string> &values) {
    number(static_cast<uint32_t>(values.size()));
    for (const auto &value : values) text(value);
  }
  [[nodiscard]] const std::string &bytes() const { return bytes_; }

private:
  std::string bytes_;
};

// Reads what Writer wrote. After the first read beyond the end everything is 0 or empty and ok() is false.
class Reader {
public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  uint32_t number() { return raw<uint32_t>(); }
  uint64_t number64() { return raw<uint64_t>(); }
  std::string text() {
    const uint32_t size = number();
    if (size > left_.size()) {
      ok_ = false;
      left_ = {};
    }
    std::string value(left_.substr(0, ok_ ? size : 0));
    left_.remove_prefix(value.size());
    return value;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> values;
    const uint32_t count = number();
    // Each needs four bytes at least, so a hostile count cannot make this grow.
    for (uint32_t i = 0; i < count && ok_; i++) values.push_back(text());
    if (!ok_) values.clear();
    return values;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool finished() const { return ok_ && left_.empty(); }

private:
  template <class T> T raw() {
    T value{};
    if (left_.size() < sizeof value) {
      ok_ = false;
      left_ = {};
      return value;
    }
    memcpy(&value, left_.data(), sizeof value);
    left_.remove_prefix(sizeof value);
    return value;
  }
  std::string_view left_;
  bool ok_ = true;
};

} // namespace jails::supervise
