#include "journal/event.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <sys/wait.h>

namespace jails::journal {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::array<std::string_view, kKinds> kKindNames{"create", "start", "exit",    "restart", "stop",   "failed",
                                                          "oom",    "limit", "denial",  "health",  "freeze", "thaw",
                                                          "hook",   "exec",  "upgrade", "destroy"};
constexpr std::array<std::string_view, kCauses> kCauseNames{
    "none",         "exited", "signal", "oom", "operator", "shutdown", "health", "anchor-lost", "supervisor-killed",
    "start-failed", "hook",   "limit"};

std::unexpected<Error> malformed() { return fail(ErrorKind::Malformed, "not an event"); }

// Whole characters only: a cut one would be shown as \xNN.
std::string clean(std::string_view text) {
  if (text.size() > kMaxText) {
    size_t end = kMaxText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) end--;
    text = text.substr(0, end);
  }
  return printable(text);
}

template <class T> void put(std::string &line, std::string_view key, const std::optional<T> &value) {
  if (value) fmt::format_to(std::back_inserter(line), "\t{}={}", key, *value);
}
void put(std::string &line, std::string_view key, std::string_view text) {
  if (!text.empty()) fmt::format_to(std::back_inserter(line), "\t{}={}", key, text);
}

template <class T> bool get(std::optional<T> &to, std::string_view text) {
  to = parse_int<T>(text);
  return to.has_value();
}
template <class T> bool get(T &to, std::string_view text) {
  const auto value = parse_int<T>(text);
  if (value) to = *value;
  return value.has_value();
}

// False: a value that is none of this key's.
bool take_field(Event &event, std::string_view key, std::string_view value) {
  if (key == "cause") {
    const auto found = std::ranges::find(kCauseNames, value);
    if (found == kCauseNames.end()) return false;
    event.cause = static_cast<Cause>(found - kCauseNames.begin());
    return true;
  }
  if (key == "status") return get(event.wait_status, value);
  if (key == "ran") return get(event.ran_ms, value);
  if (key == "restarts") return get(event.restarts, value);
  if (key == "pid") return get(event.pid, value);
  if (key == "by") event.by.program = value;
  if (key == "by_pid") return get(event.by.pid, value);
  if (key == "by_uid") return get(event.by.uid, value);
  if (key == "by_login") return get(event.by.login_uid, value);
  if (key == "boot") event.boot = value;
  if (key == "text") event.text = value;
  return true;
}

} // namespace

std::string_view to_string(Kind kind) { return kKindNames.at(static_cast<size_t>(kind)); }
std::string_view to_string(Cause cause) { return kCauseNames.at(static_cast<size_t>(cause)); }

Result<Kind> parse_kind(std::string_view text) {
  const auto found = std::ranges::find(kKindNames, text);
  if (found == kKindNames.end())
    return fail(ErrorKind::Usage, fmt::format("{}: expected one of {}", in_quotes(text), fmt::join(kKindNames, ", ")));
  return static_cast<Kind>(found - kKindNames.begin());
}

Event event_of(Kind kind, std::string jail, Jid jid, std::string text) {
  Event event;
  event.kind = kind;
  event.jail = std::move(jail);
  event.jid = jid;
  event.text = std::move(text);
  return event;
}

std::string encode(const Event &event) {
  std::string line =
      fmt::format("{}\t{}\t{}\t{}\t{}", kVersion, event.time_ms, to_string(event.kind), event.jail, event.jid);
  if (event.cause != Cause::None) put(line, "cause", to_string(event.cause));
  put(line, "status", event.wait_status);
  put(line, "ran", event.ran_ms);
  put(line, "restarts", event.restarts);
  put(line, "pid", event.pid);
  if (!event.by.program.empty()) {
    put(line, "by", clean(event.by.program));
    put(line, "by_pid", std::optional(event.by.pid));
    put(line, "by_uid", std::optional(event.by.uid));
    put(line, "by_login", event.by.login_uid);
  }
  put(line, "boot", event.boot);
  put(line, "text", clean(event.text));
  return line + "\n";
}

Result<Event> decode(std::string_view line) {
  constexpr size_t kFixed = 5;
  const auto fields = split(line, '\t');
  if (fields.size() < kFixed || fields[0] != kVersion) return malformed();
  Event event;
  const auto kind = parse_kind(fields[2]);
  if (!get(event.time_ms, fields[1]) || !kind || !JailName::parse(fields[3]) || !get(event.jid, fields[4]))
    return malformed();
  event.kind = *kind;
  event.jail = fields[3];
  for (size_t i = kFixed; i < fields.size(); i++) {
    const auto equals = fields[i].find('=');
    // Shown to a person's terminal: what is not printable was not written by us.
    if (equals == fields[i].npos || printable(fields[i]) != fields[i]) return malformed();
    if (!take_field(event, fields[i].substr(0, equals), fields[i].substr(equals + 1))) return malformed();
  }
  return event;
}

std::string describe_status(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return fmt::format("exited with status {}", WEXITSTATUS(wait_status));
  const char *name = sigabbrev_np(WTERMSIG(wait_status));
  return fmt::format("killed by signal {} (SIG{})", WTERMSIG(wait_status), name == nullptr ? "?" : name);
}

namespace {

std::string requester_text(const Requester &by) {
  std::string text = fmt::format("'{}' (pid {}, uid {}", by.program, by.pid, by.uid);
  if (by.login_uid) text += fmt::format(", login uid {}", *by.login_uid);
  return text + ")";
}

} // namespace

std::string describe_cause(const Event &event) {
  const std::string status = event.wait_status ? describe_status(*event.wait_status) : "";
  std::string text;
  switch (event.cause) {
  case Cause::None:
  case Cause::Exited:
  case Cause::Signal: text = status.empty() ? "it ended" : status; break;
  case Cause::Oom: text = "out of memory"; break;
  case Cause::Operator: text = "stopped by " + requester_text(event.by); break;
  case Cause::Shutdown: text = "the host went down"; break;
  case Cause::Health: text = "its health check failed"; break;
  case Cause::AnchorLost: text = "its anchor was lost"; break;
  case Cause::SupervisorKilled: text = "its supervisor was killed"; break;
  case Cause::StartFailed: text = "it did not start"; break;
  case Cause::Hook: text = "a hook failed"; break;
  case Cause::Limit: text = "it was to be restarted"; break;
  }
  if (event.cause == Cause::Shutdown && !event.by.program.empty()) text += " (" + event.by.program + ")";
  if (!event.text.empty()) text += ": " + event.text;
  const bool said = event.cause <= Cause::Signal;
  if (!said && !status.empty()) text += "; its command " + (WIFSIGNALED(*event.wait_status) ? "was " + status : status);
  return text;
}

std::string describe(const Event &event) {
  const bool ended = event.kind == Kind::Exit || event.kind == Kind::Stop || event.kind == Kind::Failed;
  std::string text = ended ? describe_cause(event) : event.text;
  // Who asked stands in the stop that follows.
  if (event.kind == Kind::Exit && event.cause == Cause::Operator && event.wait_status)
    text = describe_status(*event.wait_status);
  if (event.pid) text += fmt::format(" (pid {})", *event.pid);
  if (!ended && !event.by.program.empty()) text += (text.empty() ? "by " : ", by ") + requester_text(event.by);
  if (event.ran_ms) text += ", after " + duration_text(*event.ran_ms);
  if (event.kind == Kind::Failed) text += ", given up";
  return text;
}

std::string duration_text(uint64_t ms) {
  const uint64_t seconds = ms / 1000;
  if (seconds < 10) return fmt::format("{}.{} s", seconds, ms % 1000 / 100);
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds % 86400 / 3600);
}

} // namespace jails::journal
