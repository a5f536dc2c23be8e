#include "model/reaction.h"

#include "base/text.h"

#include <array>
#include <csignal>
#include <cstring>
#include <fmt/format.h>

namespace jails {
namespace {

std::unexpected<Error> usage(std::string text) { return fail(ErrorKind::Usage, std::move(text)); }

constexpr std::array<std::string_view, kSubjects> kSubjectNames{"memory",  "swap",     "processes", "cpu",
                                                                "io_read", "io_write", "net_in",    "net_out"};

Result<Subject> parse_subject(std::string_view text) {
  for (size_t i = 0; i < kSubjects; i++)
    if (kSubjectNames.at(i) == text) return static_cast<Subject>(i);
  return usage(fmt::format("{}: expected one of {}", in_quotes(text), fmt::join(kSubjectNames, ", ")));
}

constexpr uint64_t kPercentMax = 1000000;

Result<uint64_t> parse_percent(std::string_view text) {
  const auto value = parse_int<uint32_t>(text.substr(0, text.size() - 1));
  if (!value || *value == 0 || *value > kPercentMax)
    return usage(fmt::format("{}: expected a whole percentage like 90%", in_quotes(text)));
  return *value;
}

// CPUs as --cpu takes them, but for "50%", which is a percentage here.
Result<uint64_t> parse_value(Subject subject, std::string_view text) {
  if (subject == Subject::Cpu) {
    Limits limits;
    TRY(find_limit("cpu")->assign(limits, text));
    return *limits.cpu;
  }
  if (subject == Subject::Processes) {
    const auto value = parse_int<uint64_t>(text);
    if (!value) return usage(fmt::format("{} is not a number of processes", in_quotes(text)));
    return *value;
  }
  return parse_size(text);
}

std::string cpus_text(uint64_t thousandths) {
  Limits limits;
  limits.cpu = thousandths;
  return find_limit("cpu")->text(limits);
}

std::vector<std::string_view> words_of(std::string_view text) {
  auto words = split(text, ' ');
  std::erase_if(words, [](std::string_view word) { return trim(word).empty(); });
  return words;
}

Result<int> parse_signal(std::string_view text) {
  if (text.starts_with("SIG")) text.remove_prefix(3);
  constexpr int kOrdinary = 32; // the ones above have no names
  for (int number = 1; number < kOrdinary; number++)
    if (const char *name = sigabbrev_np(number); name != nullptr && text == name) {
      if (number == SIGSTOP || number == SIGTSTP)
        return usage(fmt::format("signal {}: it would hold one process; \"freeze\" holds the whole jail", text));
      return number;
    }
  return usage(fmt::format("{}: expected the name of a signal like USR1", in_quotes(text)));
}

} // namespace

std::string_view to_string(Subject subject) { return kSubjectNames.at(static_cast<size_t>(subject)); }

Result<Condition> parse_condition(std::string_view text) {
  const auto expected = [&] {
    return usage(
        fmt::format("{}: expected SUBJECT > VALUE [for TIME], like \"memory > 90% for 10s\"", in_quotes(text)));
  };
  const auto sign = text.find('>');
  if (sign == text.npos) return expected();
  const auto words = words_of(text.substr(sign + 1));
  const bool lasting = words.size() == 3 && words[1] == "for";
  if (words.size() != 1 && !lasting) return expected();
  Condition condition;
  condition.subject = TRY(parse_subject(trim(text.substr(0, sign))));
  condition.percent = words[0].ends_with('%');
  condition.value = TRY(condition.percent ? parse_percent(words[0]) : parse_value(condition.subject, words[0]));
  if (!lasting) return condition;
  const uint64_t seconds = TRY(parse_duration(words[2]));
  if (seconds > kForMax) return usage(fmt::format("{}: expected a time of at most 1d", in_quotes(words[2])));
  condition.for_seconds = static_cast<uint32_t>(seconds);
  return condition;
}

std::string to_string(const Condition &condition) {
  std::string value;
  if (condition.percent)
    value = fmt::format("{}%", condition.value);
  else if (condition.subject == Subject::Cpu)
    value = cpus_text(condition.value);
  else if (condition.subject == Subject::Processes)
    value = std::to_string(condition.value);
  else
    value = size_text(condition.value);
  std::string text = fmt::format("{} > {}", to_string(condition.subject), value);
  if (condition.for_seconds != 0) text += fmt::format(" for {}", duration_text(condition.for_seconds));
  return text;
}

Status parse_act(Reaction &to, std::string_view text) {
  constexpr std::string_view kExec = "exec:", kSignal = "signal:";
  Reaction parsed{.when = to.when, .timeout_seconds = to.timeout_seconds};
  if (text == "log") {
    parsed.act = Act::Log;
  } else if (text == "freeze") {
    parsed.act = Act::Freeze;
  } else if (text == "restart") {
    parsed.act = Act::Restart;
  } else if (text.starts_with(kSignal)) {
    parsed.act = Act::Signal;
    parsed.signal = TRY(parse_signal(text.substr(kSignal.size())));
  } else if (text.starts_with(kExec)) {
    parsed.act = Act::Exec;
    parsed.line = trim(text.substr(kExec.size()));
    if (parsed.line.size() > kActLineMax || printable(parsed.line) != parsed.line)
      return usage(fmt::format("exec: expected at most {} bytes without control characters", kActLineMax));
    parsed.command = TRY(split_command(parsed.line));
    if (parsed.command.empty() || !parsed.command[0].starts_with('/'))
      return usage("exec: expected the absolute path of a program of the host, and its arguments");
  } else {
    return usage(fmt::format("{}: expected log, exec:COMMAND, signal:NAME, freeze or restart", in_quotes(text)));
  }
  to = std::move(parsed);
  return {};
}

std::string act_text(const Reaction &reaction) {
  switch (reaction.act) {
  case Act::Log: return "log";
  case Act::Exec: return "exec:" + reaction.line;
  case Act::Signal: return fmt::format("signal:{}", sigabbrev_np(reaction.signal));
  case Act::Freeze: return "freeze";
  case Act::Restart: return "restart";
  }
  std::unreachable();
}

Result<Reaction> parse_reaction(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos)
    return usage(fmt::format("{}: expected CONDITION: ACT, like 'memory > 90% for 10s: log'", in_quotes(text)));
  Reaction reaction;
  reaction.when = TRY(parse_condition(trim(text.substr(0, colon))));
  TRY(parse_act(reaction, trim(text.substr(colon + 1))));
  return reaction;
}

std::string to_string(const Reaction &reaction) {
  return fmt::format("{}: {}", to_string(reaction.when), act_text(reaction));
}

// What 100 % of it are. `cpu` without a limit is measured in CPUs.
static std::optional<double> whole_of(Subject subject, const Limits &limits) {
  const auto number = [](std::optional<uint64_t> value) {
    return value && *value > 0 ? std::optional(static_cast<double>(*value)) : std::nullopt;
  };
  // Of several disks none is meant more than another.
  const auto rate = [&](std::optional<uint64_t> IoLimit::*member) {
    const IoLimit *only = nullptr;
    for (const auto &device : limits.io) {
      if (!(device.*member)) continue;
      if (only != nullptr) return std::optional<double>();
      only = &device;
    }
    return only == nullptr ? std::optional<double>() : number(only->*member);
  };
  switch (subject) {
  case Subject::Memory: return number(limits.memory);
  case Subject::Swap: return number(limits.swap);
  case Subject::Processes: return number(limits.processes);
  case Subject::Cpu: {
    const auto time = cpu_time(limits);
    return time.period == 0 ? 1000.0 : static_cast<double>(time.quota) * 1000 / static_cast<double>(time.period);
  }
  case Subject::IoRead: return rate(&IoLimit::read_bytes);
  case Subject::IoWrite: return rate(&IoLimit::write_bytes);
  case Subject::NetIn: return number(limits.net_in);
  case Subject::NetOut: return number(limits.net_out);
  }
  std::unreachable();
}

Status check_reaction(const Reaction &reaction, const Limits &limits, const Restart &restart) {
  constexpr uint64_t kAll = 100;
  const Condition &condition = reaction.when;
  if (reaction.timeout_seconds == 0 || reaction.timeout_seconds > kActTimeoutMax)
    return usage(fmt::format("timeout {} s: expected 1 to {}", reaction.timeout_seconds, kActTimeoutMax));
  if (reaction.act == Act::Restart && restart.policy == RestartPolicy::Never)
    return usage("\"restart\" of a command that is never restarted: expected restart = \"always\" or \"on-failure\"");
  if (!condition.percent) return {};
  const auto name = to_string(condition.subject);
  if (!whole_of(condition.subject, limits))
    return usage(
        fmt::format("\"{}\": there is no limit '{}' to take {} % of", to_string(condition), name, condition.value));
  const bool bounded = condition.subject != Subject::Cpu || cpu_time(limits).period != 0;
  if (bounded && condition.value >= kAll)
    return usage(
        fmt::format("\"{}\": the limit keeps it at {} % at most, expected 1% to 99%", to_string(condition), kAll));
  return {};
}

Status check_reactions(const std::vector<Reaction> &reactions, const Limits &limits, const Restart &restart) {
  if (reactions.size() > kReactionsMax)
    return usage(fmt::format("{} limit actions: expected at most {}", reactions.size(), kReactionsMax));
  for (const auto &reaction : reactions) TRY_IN("limit action", check_reaction(reaction, limits, restart));
  return {};
}

std::optional<double> threshold_of(const Condition &condition, const Limits &limits) {
  if (!condition.percent) return static_cast<double>(condition.value);
  const auto whole = whole_of(condition.subject, limits);
  if (!whole) return std::nullopt;
  return *whole * static_cast<double>(condition.value) / 100;
}

std::string use_text(const Condition &condition, double use, double threshold) {
  if (condition.percent && threshold > 0)
    return fmt::format("{:.0f}%", use / threshold * static_cast<double>(condition.value));
  if (condition.subject == Subject::Cpu) return fmt::format("{:.2f}", use / 1000);
  return fmt::format("{:.0f}", use);
}

} // namespace jails
