// Cuts a stream of any bytes into lines of bounded length, without copying those that lie in one piece.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace jails::log {

// Bytes of one record: 16 records of syslog, so that both places cut a long line at the same points.
constexpr size_t kMaxSyslogLine = 510; // as in the original
constexpr size_t kMaxLine = 16 * kMaxSyslogLine;

// The cuts depend on the stream alone, not on how it comes in. emit(line, more): more says that the line was cut here
// and goes on in the next call.
class LineSplitter {
public:
  template <class F> void feed(std::string_view bytes, F emit) {
    while (!bytes.empty()) {
      const size_t room = kMaxLine - rest_.size();
      const auto head = bytes.substr(0, room + 1); // a newline right behind a full line ends that one
      const size_t end = head.find('\n');
      const bool cut = end == head.npos && head.size() > room;
      if (end == head.npos && !cut) {
        rest_.append(head);
        return;
      }
      const auto line = head.substr(0, cut ? room : end);
      if (rest_.empty()) {
        emit(line, cut); // the common case
      } else {
        rest_.append(line);
        emit(std::string_view(rest_), cut);
        rest_.clear();
      }
      bytes.remove_prefix(line.size() + (cut ? 0 : 1));
    }
  }
  // The unfinished last line, at the end of the stream.
  template <class F> void flush(F emit) {
    if (!rest_.empty()) emit(std::string_view(rest_), false);
    rest_.clear();
  }

  // That line, as far as it has come; for who goes on with the stream.
  [[nodiscard]] const std::string &rest() const { return rest_; }
  void restore(std::string rest) {
    rest_ = std::move(rest);
    rest_.resize(std::min(rest_.size(), kMaxLine));
  }

private:
  std::string rest_;
};

} // namespace jails::log
