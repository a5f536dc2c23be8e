#include "supervise/log.h"

#include <fcntl.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

constexpr size_t kInput = 64U << 10U;
constexpr int kPipe = 1 << 20; // fs.pipe-max-size
constexpr int kWarning = 4;

} // namespace

Result<Log> Log::open(const JailName &name, Jid jid, const LogSpec &spec, std::string file, EventLoop &loop) {
  return Log(TRY(LogFile::open(std::move(file), spec)), LogDaemon(name, jid, spec, loop), spec,
             TRY(Pages::map(kInput)));
}

void Log::advance() {
  timespec monotonic{};
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  clock_gettime(CLOCK_REALTIME, &now_);
  now_ms_ = now_.tv_sec * 1000 + now_.tv_nsec / 1000000;
  daemon_.advance(now_,
                  static_cast<uint64_t>(monotonic.tv_sec) * 1000 + static_cast<uint64_t>(monotonic.tv_nsec) / 1000000);
}

// feed(emit) has the splitter call emit(line, more).
template <class Feed> void Log::pass(log::Stream stream, Feed feed) {
  const int level = levels_[static_cast<size_t>(stream)];
  log::Record record{.time_ms = now_ms_, .level = level, .stream = stream, .more = false, .text = {}};
  std::array<char, log::kMaxHead> whole{};
  std::array<char, log::kMaxHead> cut{};
  const std::string_view whole_head(whole.data(), log::write_head(whole.data(), record));
  record.more = true;
  const std::string_view cut_head(cut.data(), log::write_head(cut.data(), record));
  feed([&](std::string_view line, bool more) {
    file_.add(more ? cut_head : whole_head, line);
    daemon_.offer(stream, level, now_, line);
  });
  file_.flush(now_ms_);
  pass_on_news();
}

bool Log::read_from(int pipe, log::Stream stream) {
  const ssize_t n = read(pipe, input_.data(), input_.size());
  if (n <= 0) return false;
  used_ = true;
  const auto index = static_cast<size_t>(stream);
  // Who writes that much is slowed down less by a wider pipe. Failing, it stays as it is.
  if (static_cast<size_t>(n) == input_.size() && !std::exchange(widened_[index], true))
    fcntl(pipe, F_SETPIPE_SZ, kPipe);
  advance();
  pass(stream, [&](auto emit) { lines_[index].feed({input_.data(), static_cast<size_t>(n)}, emit); });
  return true;
}

void Log::end() {
  advance();
  for (const auto stream : {log::Stream::Out, log::Stream::Err})
    pass(stream, [&](auto emit) { lines_[static_cast<size_t>(stream)].flush(emit); });
  daemon_.end(now_);
  pass_on_news();
}

void Log::note(int level, std::string_view text) {
  advance();
  char head[log::kMaxHead];
  const size_t size = log::write_head(
      head, {.time_ms = now_ms_, .level = level, .stream = log::Stream::Jail, .more = false, .text = {}});
  text = text.substr(0, log::kMaxLine);
  file_.add({head, size}, text);
  file_.flush(now_ms_);
  daemon_.note(level, now_, text);
  pass_on_news();
}

// Each of the two tells of the other's troubles; of its own it cannot.
void Log::pass_on_news() {
  if (const auto news = file_.take_news(); !news.empty()) daemon_.note(kWarning, now_, news);
  if (const auto news = daemon_.take_news(); !news.empty()) note(kWarning, news);
}

void Log::tick() {
  advance();
  file_.flush(now_ms_); // its age
  daemon_.tell(now_);
  pass_on_news();
  if (!std::exchange(used_, false)) return;
  input_.give_back();
  file_.give_back();
}

void Log::save(LogState &state) const {
  for (size_t i = 0; i < lines_.size(); i++) state.unfinished[i] = lines_[i].rest();
  file_.save(state);
  daemon_.save(state);
}

void Log::restore(const LogState &state) {
  for (size_t i = 0; i < lines_.size(); i++) lines_[i].restore(state.unfinished[i]);
  file_.restore(state);
  daemon_.restore(state);
}

void Log::reopen() {
  advance();
  file_.flush(now_ms_);
  if (auto done = file_.reopen(); !done) note(kWarning, done.error().text());
}

} // namespace jails::supervise
