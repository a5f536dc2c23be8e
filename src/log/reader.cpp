#include "log/reader.h"

#include "log/files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace jails::log {
namespace {

constexpr size_t kRead = 64U << 10U;
constexpr size_t kLongest = 1U << 20U; // a line that is longer is none of ours, and is shown in pieces

struct Opened {
  Fd fd;
  struct stat st{};
};

// Nothing: it is not there (any more).
Result<std::optional<Opened>> open_file(const std::string &path) {
  Opened opened{.fd = Fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)), .st = {}};
  if (!opened.fd && errno == ENOENT) return std::nullopt;
  if (!opened.fd || fstat(opened.fd.get(), &opened.st) != 0) return fail_errno(path);
  return opened;
}

bool same(const struct stat &a, const struct stat &b) { return a.st_ino == b.st_ino && a.st_dev == b.st_dev; }

int64_t first_time(int fd) {
  char text[kTimeSize];
  if (pread(fd, text, sizeof text, 0) != sizeof text) return 0;
  return parse_time({text, sizeof text}).value_or(0);
}

struct Files {
  std::vector<Opened> opened; // the newest first
  bool named = false;         // the first is PATH itself
};

// Files are turned over meanwhile: then one would be met twice, or in the wrong place, so it is done again.
Result<Files> open_all(const std::string &path) {
  constexpr int kTries = 100;
  Files files;
  for (int i = 0; i < kTries; i++) {
    files = {};
    auto newest = TRY(open_file(path));
    files.named = newest.has_value();
    if (newest) files.opened.push_back(std::move(*newest));
    for (const auto number : turned_numbers(path))
      if (auto turned = TRY(open_file(turned_path(path, number)))) files.opened.push_back(std::move(*turned));
    struct stat now{};
    const bool there = stat(path.c_str(), &now) == 0;
    if (there == files.named && (!there || same(now, files.opened[0].st))) break;
  }
  return files;
}

// Where the last `count` lines begin; count becomes what there is more wanted than the file has.
Result<uint64_t> begin_of_last(int fd, uint64_t size, size_t &count) {
  std::vector<char> block(kRead);
  for (uint64_t end = size; end > 0;) {
    const uint64_t begin = end > kRead ? end - kRead : 0;
    const ssize_t n = pread(fd, block.data(), end - begin, static_cast<off_t>(begin));
    if (n <= 0) return fail_errno("read log", n == 0 ? EIO : errno);
    for (ssize_t i = n; i > 0; i--) {
      if (block[static_cast<size_t>(i) - 1] != '\n' || begin + static_cast<uint64_t>(i) == size) continue;
      if (--count == 0) return begin + static_cast<uint64_t>(i);
    }
    end = begin;
  }
  if (size > 0) count--; // the first line
  return 0;
}

} // namespace

Result<Reader> Reader::open(std::string path, const Wanted &wanted) {
  Reader reader(std::move(path));
  reader.follow_ = wanted.follow;
  TRY(reader.collect(wanted));
  return reader;
}

Status Reader::collect(const Wanted &wanted) {
  auto files = TRY(open_all(path_));
  const size_t from = wanted.previous && files.named ? 1 : 0;
  size_t left = wanted.last.value_or(0);
  for (size_t i = from; i < files.opened.size(); i++) {
    if ((wanted.last && left == 0 && !files_.empty()) || (wanted.previous && i > from)) break;
    auto &[fd, st] = files.opened[i];
    File file{.fd = std::move(fd), .at = 0, .end = UINT64_MAX};
    const auto size = static_cast<uint64_t>(st.st_size);
    if (!wanted.follow) file.end = size;
    if (wanted.last) file.at = left == 0 ? size : TRY_IN(path_, begin_of_last(file.fd.get(), size, left));
    const int64_t first = first_time(file.fd.get());
    files_.push_front(std::move(file));
    if (wanted.since_ms && first != 0 && first < *wanted.since_ms) break;
  }
  return {};
}

Status Reader::fill() {
  File &file = files_.front();
  if (begin_ > 0) buffer_.erase(0, std::exchange(begin_, 0));
  const size_t had = buffer_.size();
  const auto want = std::min<uint64_t>(kRead, file.end - std::min(file.at, file.end));
  buffer_.resize(had + want);
  const ssize_t n = want == 0 ? 0 : pread(file.fd.get(), buffer_.data() + had, want, static_cast<off_t>(file.at));
  const int error = errno;
  buffer_.resize(had + static_cast<size_t>(std::max<ssize_t>(n, 0)));
  if (n < 0) return fail_errno(path_, error);
  file.at += static_cast<uint64_t>(n);
  ended_ = n == 0;
  return {};
}

// Is the only file left one that is not written any more?
bool Reader::has_turned() {
  struct stat named{};
  struct stat mine{};
  if (stat(path_.c_str(), &named) != 0 || fstat(files_.front().fd.get(), &mine) != 0) return false;
  if (!same(named, mine)) return true;
  if (static_cast<uint64_t>(mine.st_size) < files_.front().at) files_.front().at = 0; // logrotate's copytruncate
  return false;
}

bool Reader::next_file() {
  const bool known = files_.size() > 1;
  if (known) files_.pop_front();
  if (!known && !find_newer()) return false;
  turned_ = false;
  return true;
}

// Several may have come since the last look.
bool Reader::find_newer() {
  struct stat mine{};
  if (!files_.empty() && fstat(files_.front().fd.get(), &mine) == 0 && mine.st_nlink == 0) missed_ = true;
  auto files = open_all(path_);
  if (!files) return false;
  std::deque<File> newer;
  for (auto &[fd, st] : files->opened) {
    if (!files_.empty() && same(st, mine)) break;
    const int64_t first = first_time(fd.get());
    if (!newer.empty() && first != 0 && first < last_ms_) break; // compressed or removed: older ones are left
    newer.push_front({.fd = std::move(fd), .at = 0, .end = UINT64_MAX});
    if (files_.empty()) break; // there was none: of the jail before this one nothing is wanted
  }
  if (newer.empty()) return false;
  files_ = std::move(newer);
  return true;
}

// rest: also what has no newline, because none will come.
std::optional<Line> Reader::take_line(bool rest) {
  const auto left = std::string_view(buffer_).substr(begin_);
  const size_t end = left.find('\n');
  if (end == left.npos && left.size() <= kLongest && (!rest || left.empty())) return std::nullopt;
  Line line{.raw = left.substr(0, end), .record = std::nullopt, .time_ms = 0};
  begin_ += std::min(line.raw.size() + 1, left.size());
  line.record = parse_record(line.raw);
  if (line.record) last_ms_ = line.record->time_ms;
  line.time_ms = last_ms_;
  return line;
}

Result<std::optional<Line>> Reader::next() {
  while (true) {
    if (auto line = take_line(false)) return line;
    if (files_.empty() && !(follow_ && find_newer())) return std::nullopt;
    TRY(fill());
    if (!ended_) continue;
    if (files_.size() > 1 || turned_) {
      if (auto line = take_line(true)) return line;
      if (!next_file()) return std::nullopt;
    } else if (follow_ && has_turned()) {
      turned_ = true; // and is read once more: what came between the last read and the turn
    } else {
      return std::nullopt;
    }
  }
}

} // namespace jails::log
