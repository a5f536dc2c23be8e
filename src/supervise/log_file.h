// A jail's own log: LOG/NAME.log, records as log/record.h has them, one write(2) for all that is there. Turned over by
// size and age. What a full disk does not take is counted, and said when there is room again.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "log/line.h"
#include "log/record.h"
#include "model/log.h"
#include "supervise/pages.h"
#include "supervise/state.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace jails::supervise {

class LogFile {
public:
  // Opened for appending, made 0600. Usage: not a regular file.
  static Result<LogFile> open(std::string path, const LogSpec &spec);

  // head: of write_head(). text: at most log::kMaxLine bytes, as they came.
  void add(std::string_view head, std::string_view text);
  // Writes what was added. now_ms: CLOCK_REALTIME.
  void flush(int64_t now_ms);
  // Somebody has moved the file away, or not.
  Status reopen();
  void give_back() { buffer_.give_back(); } // only when all is flushed
  // For who goes on with it: the rest is in the file.
  void save(LogState &state) const { state.file_lost = lost_, state.file_error = error_; }
  void restore(const LogState &state) { lost_ = state.file_lost, error_ = state.file_error; }
  // What befell it since the last call, for another log; mostly empty.
  std::string take_news() { return std::exchange(news_, {}); }

private:
  LogFile(std::string path, const LogSpec &spec, Pages buffer)
      : path_(std::move(path)), size_limit_(spec.file_size), age_limit_ms_(spec.file_age * 1000), keep_(spec.file_keep),
        buffer_(std::move(buffer)) {}
  void turn_over(int64_t now_ms);
  bool write_all(std::string_view bytes);
  void failed(int error);
  [[nodiscard]] bool is_due(int64_t now_ms) const;

  std::string path_;
  uint64_t size_limit_, age_limit_ms_, keep_;
  Fd file_;
  uint64_t size_ = 0;
  int64_t first_ms_ = 0; // of its first record; 0: none yet
  Pages buffer_;
  size_t used_ = 0;
  uint64_t records_ = 0; // in the buffer
  uint64_t lost_ = 0;    // since it cannot be written
  int error_ = 0;        // why; 0: it can
  std::string news_;
};

} // namespace jails::supervise
