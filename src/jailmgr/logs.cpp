#include "jailmgr/verb.h"

#include "base/text.h"
#include "cli/arguments.h"
#include "jailmgr/bulk.h"
#include "jailmgr/log_output.h"
#include "jailmgr/store.h"
#include "log/reader.h"
#include "log/when.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <deque>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

constexpr std::string_view kUsage =
    "jailmgr logs [-fj] [-n lines] [--since when] [--until when] [--stream list] [--raw] name ... | --tag TAG | --all";

constexpr size_t kLines = 100;

struct Wanted {
  bool follow = false, previous = false, json = false, raw = false;
  std::optional<size_t> lines;
  std::optional<int64_t> since_ms, until_ms;
  unsigned streams = 0; // bits of log::Stream; 0: all
  Selection selection;

  [[nodiscard]] bool filters() const { return since_ms || until_ms || streams != 0; }
  [[nodiscard]] bool takes(const log::Line &line) const {
    if (since_ms && line.time_ms < *since_ms) return false;
    if (until_ms && line.time_ms > *until_ms) return false;
    if (raw && streams == 0 && line.record && line.record->stream == log::Stream::Jail) return false; // no command's
    return streams == 0 || (line.record && (streams & 1U << static_cast<unsigned>(line.record->stream)) != 0);
  }
};

Status add_streams(unsigned &to, std::string_view text) {
  for (const auto word : split(text, ',')) {
    if (word == "out" || word == "stdout")
      to |= 1U << static_cast<unsigned>(log::Stream::Out);
    else if (word == "err" || word == "stderr")
      to |= 1U << static_cast<unsigned>(log::Stream::Err);
    else if (word == "jail")
      to |= 1U << static_cast<unsigned>(log::Stream::Jail);
    else
      return fail(ErrorKind::Usage, in_quotes(word) + ": expected out, err or jail");
  }
  return {};
}

std::vector<Option> options_of(Wanted &wanted) {
  const int64_t now_ms = static_cast<int64_t>(time(nullptr)) * 1000;
  const auto when = [now_ms](std::optional<int64_t> &to) {
    return [&to, now_ms](std::string_view text) -> Status {
      to = TRY(log::parse_when(text, now_ms));
      return {};
    };
  };
  std::vector<Option> options;
  options.push_back({'f', "follow", nullptr, "go on with what is written from now on", set_flag(wanted.follow), true});
  options.push_back({'n', "lines", "N", "the last N lines (default 100; with --since or --until all)",
                     [&wanted](std::string_view text) -> Status {
                       const auto value = parse_int<size_t>(text);
                       if (!value)
                         return fail(ErrorKind::Usage, fmt::format("{} is not a number of lines", in_quotes(text)));
                       wanted.lines = *value;
                       return {};
                     },
                     true});
  options.push_back({0, "since", "WHEN",
                     "from then on: 10m (ago), 12:30, 2026-11-22, '2026-11-22 12:30:15', ...Z for UTC",
                     when(wanted.since_ms), true});
  options.push_back({0, "until", "WHEN", "up to then", when(wanted.until_ms), true});
  options.push_back({0, "stream", "LIST", "only these of out, err and jail (the supervisor's own)",
                     [&wanted](std::string_view text) { return add_streams(wanted.streams, text); }, true});
  options.push_back({'j', "json", nullptr, "JSON, an object a line", set_flag(wanted.json), true});
  options.push_back({0, "raw", nullptr,
                     "the bytes as the command wrote them, and none of the supervisor's; not to a terminal",
                     set_flag(wanted.raw), true});
  options.push_back({0, "previous", nullptr, "only the file before the present one", set_flag(wanted.previous), true});
  add_selection(options, wanted.selection, "every jail that jailmgr has", false);
  return options;
}

Status check(const Wanted &wanted) {
  if (wanted.follow && wanted.previous) return fail(ErrorKind::Usage, "give -f or --previous, not both");
  if (wanted.follow && wanted.until_ms) return fail(ErrorKind::Usage, "give -f or --until, not both");
  if (wanted.json && wanted.raw) return fail(ErrorKind::Usage, "give -j or --raw, not both");
  if (wanted.raw && isatty(STDOUT_FILENO) == 1)
    return fail(ErrorKind::Usage, "--raw does not write to a terminal, which would obey what a jail writes");
  return {};
}

// Names and globs as everywhere; a name is enough where there is a log, as of a jail that only jailctl knows.
Result<std::vector<JailName>> selected(const Call &call, const cli::Parsed &parsed, const Selection &selection) {
  std::vector<JailName> names;
  bool plain = !selection.all && selection.tags.empty();
  for (const auto &operand : parsed.operands) {
    const auto name = JailName::parse(operand);
    plain = plain && name && access(call.instance.log_file(*name).c_str(), F_OK) == 0;
    if (plain && std::ranges::find(names, *name) == names.end()) names.push_back(*name);
  }
  if (plain) return names;
  const auto store = TRY(Store::open(call.instance));
  names = selection.all ? TRY(store.names()) : TRY(named_jails(store, parsed, selection));
  for (const auto &name : names)
    if (access(call.instance.log_file(name).c_str(), F_OK) != 0) TRY(store.require(name));
  return names;
}

// Several jails' records by time; those of a jail stay in their order.
class Merge {
public:
  Status add(const Call &call, const JailName &name, const log::Reader::Wanted &wanted) {
    sources_.push_back({.name = name.str(),
                        .reader = TRY(log::Reader::open(call.instance.log_file(name), wanted)),
                        .next = std::nullopt});
    return {};
  }

  // take(name, line) for each that there is now.
  template <class F> Status each(F take) {
    for (auto &source : sources_)
      if (!source.next) source.next = TRY_IN("jail " + source.name, source.reader.next());
    while (true) {
      Source *first = nullptr;
      for (auto &source : sources_)
        if (source.next && (first == nullptr || source.next->time_ms < first->next->time_ms)) first = &source;
      if (first == nullptr) return {};
      TRY(take(first->name, *first->next));
      first->next = TRY_IN("jail " + first->name, first->reader.next());
    }
  }

  void tell_missed(const Call &call) {
    for (auto &source : sources_)
      if (source.reader.missed())
        cli::report(call.program, Error(ErrorKind::System, fmt::format("jail {}: records were turned over and removed "
                                                                       "faster than they are shown",
                                                                       source.name)));
  }

private:
  struct Source {
    std::string name;
    log::Reader reader;
    std::optional<log::Line> next;
  };
  std::deque<Source> sources_; // a Reader cannot be copied, and its move may throw
};

Status show(const Call &call, const Wanted &wanted, Merge &merge, LogOutput &output, const Fd &watch) {
  const size_t most = wanted.lines.value_or(wanted.filters() ? SIZE_MAX : kLines);
  std::deque<std::string> last;
  const auto keep = [&](const std::string &name, const log::Line &line) -> Status {
    if (!wanted.takes(line)) return {};
    if (most == SIZE_MAX) return output.write(output.render(name, line));
    last.push_back(output.render(name, line));
    if (last.size() > most) last.pop_front();
    return {};
  };
  const auto print = [&](const std::string &name, const log::Line &line) -> Status {
    return wanted.takes(line) ? output.write(output.render(name, line)) : Status{};
  };
  TRY(merge.each(keep));
  for (const auto &text : last) TRY(output.write(text));
  TRY(output.flush());
  char events[4096];
  while (wanted.follow) {
    if (read(watch.get(), events, sizeof events) < 0 && errno != EINTR) return fail_errno("inotify");
    TRY(merge.each(print));
    TRY(output.flush());
    merge.tell_missed(call);
  }
  return {};
}

} // namespace

Result<int> logs(const Call &call) {
  Wanted wanted;
  const auto parsed = TRY(parse(call, kUsage,
                                "What the commands of jails wrote, and what became of them, with times. Several jails: "
                                "by time, the name in\nfront. Names may be globs ('web*'). Bytes that a terminal would "
                                "obey are shown as \\xNN.",
                                options_of(wanted)));
  if (parsed.help) return 0;
  TRY(check_selection(parsed, kUsage, wanted.selection));
  TRY(check(wanted));
  TRY(need_root(call));
  const auto names = TRY(selected(call, parsed, wanted.selection));
  Fd watch;
  if (wanted.follow) { // before the first read, so that nothing is missed between the two
    TRY(sys::make_dir(call.instance.log_dir(), 0700));
    watch = Fd(inotify_init1(IN_CLOEXEC));
    if (!watch || inotify_add_watch(watch.get(), call.instance.log_dir().c_str(),
                                    IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE) < 0)
      return fail_errno(call.instance.log_dir());
  }
  log::Reader::Wanted files{
      .last = {}, .since_ms = wanted.since_ms, .previous = wanted.previous, .follow = wanted.follow};
  // No jail has more of the last lines of all than it has of its own.
  if (!wanted.filters() && !wanted.raw) files.last = wanted.lines.value_or(kLines);
  Merge merge;
  for (const auto &name : names) TRY(merge.add(call, name, files));
  LogOutput output({.json = wanted.json, .raw = wanted.raw, .names = names.size() > 1});
  TRY(show(call, wanted, merge, output, watch));
  return 0;
}

} // namespace jailmgr
