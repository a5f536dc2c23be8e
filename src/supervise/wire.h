// Bytes of the control protocol and of what is handed to a supervisor: 32-bit integers in host order and strings with
// their length before them. Both ends are programs on one machine; what may be of two versions is made of named parts.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <cstring>
#include <map>
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
  std::string text() { return std::string(view()); }
  std::string_view view() { // into what is read
    const uint32_t size = number();
    if (size > left_.size()) {
      ok_ = false;
      left_ = {};
    }
    const auto value = left_.substr(0, ok_ ? size : 0);
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

// A value as named parts, so that programs of different versions can hand it to each other: a part that is not there
// leaves the reader's default, and one that the reader does not know is refused: something would be lost in silence.
// kind says what it is a value of.
class PartsWriter {
public:
  template <class Write> void put(std::string_view name, Write write) {
    Writer part;
    write(part);
    out_.text(name);
    out_.text(part.bytes());
  }
  [[nodiscard]] std::string bytes(std::string_view kind) const {
    Writer whole;
    whole.text(kind);
    whole.text(out_.bytes());
    return whole.bytes();
  }

private:
  Writer out_;
};

class PartsReader {
public:
  PartsReader(std::string_view kind, std::string_view bytes) { // which must live as long
    Reader whole(bytes);
    ok_ = whole.view() == kind;
    Reader in(whole.view());
    if (!whole.finished()) ok_ = false;
    while (ok_ && in.ok() && !in.finished()) {
      const auto name = in.view();
      const auto part = in.view();
      if (in.ok() && !parts_.emplace(name, part).second) ok_ = false;
    }
    if (!in.ok()) ok_ = false;
  }
  // read(Reader &) has to read all of the part. Not called where there is none.
  template <class Read> void take(std::string_view name, Read read) {
    const auto found = parts_.find(name);
    if (found == parts_.end()) return;
    Reader in(found->second);
    read(in);
    if (!in.finished()) ok_ = false;
    parts_.erase(found);
  }
  [[nodiscard]] bool ok() const { return ok_; } // so far
  // The first part that nobody took; empty: none.
  [[nodiscard]] std::string_view unknown() const { return parts_.empty() ? std::string_view() : parts_.begin()->first; }

private:
  std::map<std::string_view, std::string_view> parts_;
  bool ok_ = true;
};

} // namespace jails::supervise
