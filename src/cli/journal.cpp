#include "cli/journal.h"

#include "base/fd.h"
#include "base/options.h"
#include "base/text.h"
#include "cli/form.h"
#include "jail/control.h"
#include "jail/ending.h"
#include "log/record.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jails::cli {
namespace {

struct Life {
  std::string name, state; // "running" and the like, "failed", "down"
  std::optional<journal::Event> end;
  supervise::SupervisorStatus supervisor; // while it runs
  std::vector<std::string> log;
};

// The end of a log, which a supervisor may be turning over: what cannot be read is not shown.
std::vector<std::string> last_lines(const std::string &path, size_t count) {
  constexpr off_t kMost = 1 << 16;
  const Fd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat st{};
  if (count == 0 || !file || fstat(file.get(), &st) != 0) return {};
  std::string text(static_cast<size_t>(std::min(st.st_size, kMost)), '\0');
  const ssize_t n = pread(file.get(), text.data(), text.size(), st.st_size - static_cast<off_t>(text.size()));
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  auto lines = split(trim(text), '\n');
  if (static_cast<off_t>(text.size()) == kMost) lines.erase(lines.begin()); // cut in two
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<ptrdiff_t>(count));
  std::vector<std::string> shown;
  for (const auto line : lines)
    if (!line.empty()) shown.push_back(printable(line));
  return shown;
}

Result<Life> life_of(const Call &call, const JailName &name, size_t lines) {
  const Instance &instance = call.instance;
  Life life{.name = name.str(), .state = "down", .end = {}, .supervisor = {}, .log = {}};
  life.end = TRY(last_end(instance, name));
  if (is_running(instance, name)) {
    life.state = "changing";
    if (auto status = supervisor_status(instance, name, Patience::None)) {
      life.supervisor = std::move(*status);
      life.state = life.supervisor.state;
    }
  } else if (const auto row = find_jail(instance, name.str()); row && failure_of(instance, *row)) {
    life.state = "failed";
  }
  life.log = last_lines(instance.log_file(name), lines);
  return life;
}

std::string counted(uint32_t count, const char *what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string sentence(const Life &life) {
  std::string text = fmt::format("{}: {}", life.name, life.state);
  const bool up = life.supervisor.supervisor != 0;
  if (up && life.supervisor.workload != 0) text += " since " + local_time(life.supervisor.started * 1000);
  if (up) text += ", " + counted(life.supervisor.restarts, "restart");
  if (!life.end) return text + (up ? "; it has not ended so far" : "; it has never run, as far as is known");
  const auto &end = *life.end;
  text += up ? "; before that: " : ": ";
  text += journal::describe(end);
  if (!up && end.restarts && *end.restarts != 0) text += ", " + counted(*end.restarts, "restart");
  if (end.time_ms != 0) text += ", at " + local_time(end.time_ms);
  return text;
}

Json life_json(const Life &life) {
  Json out{{"name", life.name}, {"state", life.state}};
  const bool up = life.supervisor.supervisor != 0;
  out["since"] = up && life.supervisor.workload != 0 ? Json(life.supervisor.started) : Json();
  out["restarts"] = up ? Json(life.supervisor.restarts) : Json();
  out["last"] = life.end ? event_json(*life.end) : Json();
  out["log"] = life.log;
  return out;
}

// Below a header whose times are local: a log file's are UTC.
std::string in_local_time(const std::string &line) {
  const auto record = log::parse_record(line);
  return record ? local_time(static_cast<uint64_t>(record->time_ms)) + line.substr(log::kTimeSize) : line;
}

} // namespace

std::string local_time(uint64_t ms) {
  if (ms == 0) return "-";
  const auto when = static_cast<time_t>(ms / 1000);
  tm parts{};
  char text[32];
  localtime_r(&when, &parts);
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return text;
}

Json event_json(const journal::Event &event) {
  const auto or_null = [](const auto &value) { return value ? Json(*value) : Json(); };
  Json out{{"time_ms", event.time_ms == 0 ? Json() : Json(event.time_ms)},
           {"name", event.jail},
           {"jid", event.jid},
           {"event", to_string(event.kind)}};
  const bool ended = event.cause != journal::Cause::None;
  out["cause"] = ended ? Json(to_string(event.cause)) : Json();
  const bool signalled = event.wait_status && WIFSIGNALED(*event.wait_status);
  out["exit_status"] = event.wait_status && !signalled ? Json(WEXITSTATUS(*event.wait_status)) : Json();
  out["signal"] = signalled ? Json(WTERMSIG(*event.wait_status)) : Json();
  out["core_dumped"] = signalled ? Json(WCOREDUMP(*event.wait_status) != 0) : Json();
  out["ran_ms"] = or_null(event.ran_ms);
  out["restarts"] = or_null(event.restarts);
  out["pid"] = or_null(event.pid);
  out["by"] = Json();
  if (!event.by.program.empty())
    out["by"] = {{"program", event.by.program},
                 {"pid", event.by.pid},
                 {"uid", event.by.uid},
                 {"login_uid", or_null(event.by.login_uid)}};
  out["text"] = event.text;
  out["summary"] = journal::describe(event);
  return out;
}

void add_last_options(std::vector<Option> &options, LastOptions &to) {
  options.push_back({'j', "json", nullptr, "JSON", set_flag(to.json), true});
  options.push_back({'n', "lines", "NUMBER", "of its log, 0 for none (default 5)",
                     [&to](std::string_view text) -> Status {
                       constexpr size_t kMax = 1000;
                       const auto number = parse_int<size_t>(text);
                       if (!number || *number > kMax)
                         return fail(ErrorKind::Usage, in_quotes(text) + ": expected a number from 0 to 1000");
                       to.lines = *number;
                       return {};
                     },
                     true});
}

Result<int> print_last(const Call &call, std::span<const JailName> names, const LastOptions &options,
                       const std::function<bool(const JailName &)> &known) {
  auto list = Json::array();
  for (const auto &name : names) {
    const auto life = TRY(life_of(call, name, options.lines));
    if (!life.end && life.supervisor.supervisor == 0 && !known(name))
      return fail(ErrorKind::NotFound, fmt::format("jail {}: nothing is known of it", name.str()));
    if (options.json) {
      list.push_back(life_json(life));
      continue;
    }
    fmt::print("{}\n", sentence(life));
    for (const auto &line : life.log) fmt::print("    {}\n", in_local_time(line));
  }
  if (options.json) {
    auto out = json_document("jailctl-last-1");
    out["jails"] = std::move(list);
    print_json(out);
  }
  return 0;
}

} // namespace jails::cli
