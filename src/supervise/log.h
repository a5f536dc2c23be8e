// Where a jail's output goes: all of it to the jail's log file, which `jailmgr logs` reads, and as much as its rate
// allows to the host's log daemon. What comes from the jail is escaped: one record a line, no control characters, no
// forged prefixes. The file takes what comes as fast as it can be written, and the pipe is not read faster: nothing is
// lost to it but on a full disk.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "log/line.h"
#include "model/ids.h"
#include "model/log.h"
#include "supervise/log_daemon.h"
#include "supervise/log_file.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace jails::supervise {

class Log {
public:
  // file: LOG_DIR/NAME.log. It stays where it is after the first call of another function.
  static Result<Log> open(const JailName &name, Jid jid, const LogSpec &spec, std::string file, EventLoop &loop);

  // Reads what a pipe of the command holds, 64 KiB at most, and passes it on. False: there was nothing.
  bool read_from(int pipe, log::Stream stream);
  void end(); // of both streams: their unfinished lines, and what was not said yet
  // A line of the supervisor's own: start, exit, restart. level: 0..7.
  void note(int level, std::string_view text);
  // Every few seconds.
  void tick();
  // For who goes on with it: nothing is written, or waits to be. restore() comes first after open().
  void save(LogState &state) const;
  void restore(const LogState &state);
  // The file is opened anew, for logrotate(8).
  void reopen();

private:
  Log(LogFile file, LogDaemon daemon, const LogSpec &spec, Pages input)
      : file_(std::move(file)), daemon_(std::move(daemon)), levels_{spec.out_level, spec.err_level},
        input_(std::move(input)) {}
  void advance();
  void pass_on_news();
  template <class Feed> void pass(log::Stream stream, Feed feed);

  LogFile file_;
  LogDaemon daemon_;
  std::array<int, 2> levels_;
  std::array<log::LineSplitter, 2> lines_;
  Pages input_;
  std::array<bool, 2> widened_{}; // the pipe
  bool used_ = false;             // the buffers, since the last tick
  timespec now_{};                // CLOCK_REALTIME
  int64_t now_ms_ = 0;
};

} // namespace jails::supervise
