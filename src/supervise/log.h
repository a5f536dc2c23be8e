// Where a jail's output goes: the host's syslog, line by line, and always the jail's log file, which `jailmgr logs`
// reads. What comes from the jail is escaped: one record a line, no control characters, no forged prefixes.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "model/ids.h"
#include "model/log.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace jails::supervise {

constexpr size_t kMaxLogLine = 510; // bytes of one record, as in the original

// Cuts a byte stream into lines of at most kMaxLogLine bytes.
class LineSplitter {
public:
  // Calls emit(line) for each complete line in the stream so far.
  template <class F> void feed(std::string_view bytes, F emit) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      if (rest_.size() == kMaxLogLine && end != 0) { // a long line goes on
        emit(std::string_view(rest_));
        rest_.clear();
      }
      const auto take = std::min({end, bytes.size(), kMaxLogLine - rest_.size()});
      if (take != end) {
        rest_.append(bytes.substr(0, take));
        bytes.remove_prefix(take);
        continue;
      }
      if (rest_.empty()) {
        emit(bytes.substr(0, take)); // the common case: no copy
      } else {
        rest_.append(bytes.substr(0, take));
        emit(std::string_view(rest_));
        rest_.clear();
      }
      bytes.remove_prefix(take + 1);
    }
  }
  // The unfinished last line, at the end of the stream.
  template <class F> void flush(F emit) {
    if (!rest_.empty()) emit(std::string_view(rest_));
    rest_.clear();
  }

private:
  std::string rest_;
};

class Log {
public:
  // file is LOG_DIR/NAME.log, opened for appending (made 0600). At 8 MiB it becomes NAME.log.1, the one before is
  // dropped.
  static Result<Log> open(const JailName &name, Jid jid, const LogSpec &spec, std::string file);

  void out(std::string_view line) { write("stdout: ", line, spec_.out_level); }
  void err(std::string_view line) { write("stderr: ", line, spec_.err_level); }
  // A line of the supervisor's own: start, exit, restart. level: 0..7.
  void note(int level, std::string_view text) { write("", text, level); }

private:
  Log() = default;
  void write(std::string_view stream, std::string_view line, int level);
  void to_syslog(std::string_view message, int level);
  Status reopen();

  std::string prefix_; // "jail=web jid=3 "
  LogSpec spec_;
  std::string path_;
  Fd file_, syslog_;
  uint64_t size_ = 0;
  int64_t syslog_retry_ = 0; // CLOCK_MONOTONIC seconds before which a missing /dev/log is not tried again
};

} // namespace jails::supervise
