#include "supervise/log_file.h"

#include "base/text.h"
#include "log/files.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr size_t kBuffer = 128U << 10U;
static_assert(kBuffer >= log::kMaxHead + log::kMaxLine * kMaxEscape + 1 && kBuffer <= kLogSizeMin);

int64_t time_of_first(int fd) {
  char text[log::kTimeSize];
  if (pread(fd, text, sizeof text, 0) != sizeof text) return 0;
  return log::parse_time({text, sizeof text}).value_or(0);
}

} // namespace

Result<LogFile> LogFile::open(std::string path, const LogSpec &spec) {
  LogFile log(std::move(path), spec, TRY(Pages::map(kBuffer)));
  TRY(log.reopen());
  return log;
}

Status LogFile::reopen() {
  Fd file(::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600));
  struct stat st{};
  if (!file || fstat(file.get(), &st) != 0) return fail_errno("log file " + path_);
  if (!S_ISREG(st.st_mode)) return fail(ErrorKind::Usage, "log file " + path_ + ": not a regular file");
  file_ = std::move(file);
  size_ = static_cast<uint64_t>(st.st_size);
  first_ms_ = 0;
  if (size_ == 0) return {};
  first_ms_ = time_of_first(file_.get());
  // A supervisor that was killed, or a machine, may have left half a record.
  char last = '\n';
  if (pread(file_.get(), &last, 1, static_cast<off_t>(size_ - 1)) == 1 && last != '\n') (void)write_all("\n");
  return {};
}

void LogFile::add(std::string_view head, std::string_view text) {
  if (used_ + head.size() + kMaxEscape * text.size() + 1 > buffer_.size())
    flush(log::parse_time(head.substr(0, log::kTimeSize)).value_or(0));
  char *to = buffer_.data() + used_;
  memcpy(to, head.data(), head.size());
  to += head.size();
  to += escape_to(to, text);
  *to++ = '\n';
  used_ = static_cast<size_t>(to - buffer_.data());
  records_++;
}

bool LogFile::is_due(int64_t now_ms) const {
  if (size_limit_ != 0 && size_ + used_ > size_limit_ && size_ > 0) return true;
  return age_limit_ms_ != 0 && first_ms_ != 0 && now_ms - first_ms_ >= static_cast<int64_t>(age_limit_ms_);
}

void LogFile::flush(int64_t now_ms) {
  if (is_due(now_ms)) turn_over(now_ms);
  if (used_ == 0) return;
  std::string after_gap; // together with what comes then, so that a disk with room for one line does not flap
  if (error_ != 0) {
    char head[log::kMaxHead];
    const size_t size =
        log::write_head(head, {.time_ms = now_ms, .level = 4, .stream = log::Stream::Jail, .more = false, .text = {}});
    after_gap = fmt::format("{}{} records were lost here: {}\n", std::string_view(head, size), lost_, strerror(error_));
    after_gap.append(buffer_.data(), used_);
  }
  if (write_all(error_ != 0 ? std::string_view(after_gap) : std::string_view(buffer_.data(), used_))) {
    if (first_ms_ == 0) first_ms_ = now_ms;
    if (error_ != 0) news_ = fmt::format("{}: is written again, {} records were lost", path_, lost_);
    error_ = 0;
    lost_ = 0;
  } else {
    lost_ += records_;
  }
  used_ = 0;
  records_ = 0;
}

// All or nothing: half a record would look like another one.
bool LogFile::write_all(std::string_view bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(file_.get(), bytes.data() + done, bytes.size() - done);
    if (n > 0) {
      done += static_cast<size_t>(n);
      continue;
    }
    failed(n == 0 ? ENOSPC : errno);
    struct stat st{};
    if (done > 0 && fstat(file_.get(), &st) == 0) (void)!ftruncate(file_.get(), st.st_size - static_cast<off_t>(done));
    return false;
  }
  size_ += bytes.size();
  return true;
}

void LogFile::failed(int error) {
  if (error_ == 0)
    news_ = fmt::format("{}: {}; until it can be written records are lost from it", path_, strerror(error));
  error_ = error;
}

void LogFile::turn_over(int64_t now_ms) {
  struct stat st{};
  if (fstat(file_.get(), &st) == 0) size_ = static_cast<uint64_t>(st.st_size); // logrotate's copytruncate
  if (size_ == 0) first_ms_ = 0;
  if (!is_due(now_ms)) return;
  struct stat named{};
  const bool ours = stat(path_.c_str(), &named) == 0 && named.st_ino == st.st_ino && named.st_dev == st.st_dev;
  if (!ours) { // somebody else turned it over, and has not said so yet
    (void)reopen();
    return;
  }
  if (!log::turn_over(path_, keep_)) return;
  // Without a new one the old one goes on, under its name: a log too long is better than none.
  if (!reopen()) (void)rename(log::turned_path(path_, 1).c_str(), path_.c_str());
}

} // namespace jails::supervise
