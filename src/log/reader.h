// A jail's records in the order in which they were written, from all its files, and as they come.
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "log/record.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace jails::log {

struct Line {
  std::string_view raw;         // without its newline; valid until the next call
  std::optional<Record> record; // views into raw; nothing: not one of ours
  int64_t time_ms = 0;          // of the record, or of the one before
};

class Reader {
public:
  struct Wanted {
    std::optional<size_t> last{};      // only so many lines from the end
    std::optional<int64_t> since_ms{}; // files that end before may be left out; the records are not looked at
    bool previous = false;             // only the file before the present one
    bool follow = false;               // go on at the end, through the turn to a new file
  };
  // No file is no error: there may be one later.
  static Result<Reader> open(std::string path, const Wanted &wanted);

  // Nothing: no more, or not yet.
  Result<std::optional<Line>> next();
  // Files were turned over and removed before they could be read. Asking forgets it.
  bool missed() { return std::exchange(missed_, false); }

private:
  struct File {
    Fd fd;
    uint64_t at = 0;
    uint64_t end = UINT64_MAX; // what had been written when it was opened, unless it is followed
  };
  explicit Reader(std::string path) : path_(std::move(path)) {}
  Status collect(const Wanted &wanted);
  Status fill();
  bool has_turned();
  bool next_file();
  bool find_newer();
  std::optional<Line> take_line(bool rest);

  std::string path_;
  bool follow_ = false;
  std::deque<File> files_; // the first is being read, the last is the newest
  std::string buffer_;
  size_t begin_ = 0;    // of what was not given out
  bool ended_ = false;  // the first file, as far as it goes now
  bool turned_ = false; // it is known not to be written any more
  bool missed_ = false;
  int64_t last_ms_ = 0;
};

} // namespace jails::log
