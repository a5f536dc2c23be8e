#include "config/sections.h"

#include "base/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace jails {

Status read_version(std::string_view file, const TomlTable &table, int newest, int &to) {
  for (const auto &entry : table) {
    if (entry.key != "version") continue;
    Diagnostics notes(file);
    const auto *value = std::get_if<int64_t>(&entry.value.data);
    if (value == nullptr || *value < 1) {
      notes.add_key(entry.line, "version", newest == 1 ? "expected 1" : fmt::format("expected 1 to {}", newest));
    } else if (*value > newest) {
      notes.add_key(entry.line, "version",
                    fmt::format("this file has version {}, this program reads up to {}: use a newer jails release",
                                *value, newest));
    } else {
      to = static_cast<int>(*value);
    }
    return notes.status();
  }
  return {};
}

void read_supervision(TableReader &reader, bool &autostart, Profile &profile, Restart &restart,
                      uint32_t &stop_grace_ms) {
  reader.boolean("autostart", autostart);
  reader.parsed("profile", "\"low\", \"medium\" or \"high\"", profile, parse_profile);
  reader.parsed("restart", "\"always\", \"on-failure\" or \"never\"", restart.policy, parse_restart);
  std::optional<uint64_t> limit;
  const uint32_t limit_line = reader.number("restart_limit", limit, 0, kRestartLimitMax);
  if (limit) restart.limit = static_cast<uint32_t>(*limit);
  const uint32_t window_line = reader.milliseconds("restart_window", restart.window_ms, kRestartWindowMaxMs);
  if (limit_line != 0 || window_line != 0) {
    const bool at_limit = limit_line != 0;
    if (auto good = check_restart(restart); !good)
      reader.wrong(at_limit ? limit_line : window_line, at_limit ? "restart_limit" : "restart_window",
                   good.error().text());
  }
  reader.milliseconds("stop_grace", stop_grace_ms, kStopGraceMaxMs);
}

// The six that have kinds of their own in read_limits().
static bool has_reader(std::string_view name) {
  constexpr std::string_view kOwn[] = {"memory", "processes", "files", "sockbuf", "cpu_quota", "cpu_period"};
  return std::ranges::find(kOwn, name) != std::end(kOwn);
}

// What a value of TOML is as a word of `jailctl set`: text as it is, numbers as digits, a list joined by commas.
static std::optional<std::string> scalar_text(const TomlValue &value) {
  if (const auto *text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto *integer = std::get_if<int64_t>(&value.data)) return std::to_string(*integer);
  if (const auto *number = std::get_if<double>(&value.data)) return fmt::format("{}", *number);
  if (const auto *flag = std::get_if<bool>(&value.data)) return *flag ? "true" : "false";
  const auto *list = std::get_if<TomlArray>(&value.data);
  if (list == nullptr) return std::nullopt;
  std::string joined;
  for (const auto &item : *list) {
    const auto text = std::holds_alternative<TomlArray>(item.data) ? std::nullopt : scalar_text(item);
    if (!text) return std::nullopt;
    joined += (joined.empty() ? "" : ",") + *text;
  }
  return joined;
}

static void read_limit(TableReader &reader, const LimitKey &key, Limits &to) {
  const auto *entry = reader.find(key.name);
  if (entry == nullptr) return;
  const auto text = scalar_text(entry->value);
  if (!text) return reader.wrong(entry->line, key.name, "expected text or a number");
  if (const auto good = key.assign(to, *text); !good) reader.wrong(entry->line, key.name, good.error().text());
}

void read_limits(TableReader &top, Limits &to, const Restart &restart, std::vector<Reaction> *reactions) {
  const auto *table = top.table("limits");
  if (table == nullptr) return;
  TableReader reader(top.notes(), *table, "limits.", top.known());
  reader.size("memory", to.memory, kMemoryMin, kMemoryMax);
  reader.number("processes", to.processes, 1, kProcessesMax);
  reader.number("files", to.files, kFilesMin, kFilesMax);
  reader.size("sockbuf", to.sockbuf, kSockbufMin, kSockbufMax);
  const uint32_t quota = reader.number("cpu_quota", to.cpu_quota, 1, kCpuQuotaMax);
  const uint32_t period = reader.number("cpu_period", to.cpu_period, kCpuPeriodMin, kCpuPeriodMax);
  if (quota != 0 && reader.find("cpu_period") == nullptr) reader.wrong(quota, "cpu_quota", "needs cpu_period as well");
  if (period != 0 && reader.find("cpu_quota") == nullptr) reader.wrong(period, "cpu_period", "needs cpu_quota as well");
  for (const auto &key : limit_keys())
    if (!has_reader(key.name)) read_limit(reader, key, to);
  if (const auto good = check_limits(to); !good && reader.notes().clean())
    top.wrong(top.find("limits")->line, "limits", good.error().text());
  if (reactions != nullptr) read_reactions(reader, to, restart, *reactions);
  reader.done();
}

void read_log(TableReader &top, LogSpec &to) {
  const auto *table = top.table("log");
  if (table == nullptr) return;
  TableReader reader(top.notes(), *table, "log.", top.known());
  reader.parsed("facility", "a facility like \"daemon\"", to.facility, parse_facility);
  for (auto [key, level] : {std::pair("out_level", &to.out_level), std::pair("err_level", &to.err_level)}) {
    const auto *entry = reader.find(key);
    if (entry == nullptr) continue;
    const auto *number = std::get_if<int64_t>(&entry->value.data);
    if (number != nullptr && *number >= 0 && *number <= 7)
      *level = static_cast<int>(*number);
    else
      reader.parsed(key, "a level like \"notice\" or a number from 0 to 7", *level, parse_level);
  }
  reader.parsed("tag", "text of 1 to 63 bytes", to.tag, parse_tag);
  for (const auto &key : log_keys()) {
    const auto *entry = reader.find(key.name);
    if (entry == nullptr) continue;
    const auto text = scalar_text(entry->value);
    const Status good = text ? key.assign(to, *text) : fail(ErrorKind::Usage, "expected text or a number");
    if (!good) reader.wrong(entry->line, key.name, good.error().text());
  }
  reader.done();
}

Result<std::vector<std::string>> command_words(const TomlValue &value) {
  std::vector<std::string> words;
  if (const auto *line = std::get_if<std::string>(&value.data)) {
    words = TRY(split_command(*line));
  } else {
    const auto *list = std::get_if<TomlArray>(&value.data);
    if (list != nullptr)
      for (const auto &item : *list)
        if (const auto *word = std::get_if<std::string>(&item.data)) words.push_back(*word);
    if (list == nullptr || words.size() != list->size())
      return fail(ErrorKind::Usage, "expected a command line or a list of words, like [\"/bin/sleep\", \"60\"]");
  }
  TRY(check_command(words));
  return words;
}

void Writer::comment(std::string_view text) {
  for (auto row : split(text, '\n')) text_.append("# ").append(row).append("\n");
}

void Writer::paragraph(std::string_view text) {
  comment(text);
  text_ += '\n';
}

void Writer::section(std::string_view header, std::string_view text) {
  comment(text);
  text_.append(header).append("\n\n");
}

void Writer::key(std::string_view text, std::string_view name, std::string_view value, bool is_default) {
  comment(text);
  if (is_default) text_ += '#';
  text_.append(name).append(" = ").append(value).append("\n\n");
}

std::string seconds_text(uint32_t ms) {
  return ms % 1000 == 0 ? std::to_string(ms / 1000) : fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

void write_supervision(Writer &out, bool autostart, Profile profile, const Restart &restart, uint32_t stop_grace_ms) {
  out.key("Start with `jailmgr start --all`, as at boot: true or false. Default: false.", "autostart",
          autostart ? "true" : "false", !autostart);
  out.key("What the jail is denied, rising: \"low\", \"medium\", \"high\". Default: \"high\".", "profile",
          toml_string(to_string(profile)), profile == Profile::High);
  out.key("When the command ends: start it again \"always\", \"on-failure\" (a signal or an exit status\n"
          "other than 0) or \"never\". Default: \"always\".",
          "restart", toml_string(to_string(restart.policy)), restart.policy == RestartPolicy::Always);
  out.key("So many restarts within restart_window, 1 to 1000, and the jail is given up: it is down and \"failed\".\n"
          "0: never. Default: 0.",
          "restart_limit", restart.limit == 0 ? "5" : std::to_string(restart.limit), restart.limit == 0);
  out.key("Seconds, 1 to 86400, fractions allowed. Default: 60.", "restart_window", seconds_text(restart.window_ms),
          restart.window_ms == Restart{}.window_ms);
  out.key("Seconds from SIGTERM to SIGKILL at a stop, 0 to 3600, fractions allowed. Default: 5.", "stop_grace",
          seconds_text(stop_grace_ms), stop_grace_ms == 5000);
}

// Bare where it is a number.
static std::string scalar(const std::string &text) {
  return text.find_first_not_of("0123456789") == text.npos ? text : toml_string(text);
}

static void write_more_limits(Writer &out, const Limits &limits) {
  struct {
    std::string_view key, comment, example;
  } constexpr kMore[] = {
      {"cpu", "CPUs: 1.5, or \"50%\" of one; instead of cpu_quota and cpu_period.", "1.5"},
      {"cpu_weight", "Share of a busy CPU, 1 to 10000, against others that have 100.", "100"},
      {"cpus", "The CPUs that it may run on.", "0-3,6"},
      {"memory_high", "Memory from which on it is slowed down and gives back. Needs cgroup v2.", "400M"},
      {"swap", "Swap beyond memory; 0 is none. Only with memory.", "0"},
      {"oom", "What dies when memory is out: one \"process\" or, with \"group\", the whole jail. Only with memory.",
       "group"},
      {"io_read",
       "Bytes a second from and to the disk that holds the root, or a named one: \"/dev/sdb:10M\".\n"
       "A list for several.",
       "50M"},
      {"io_write", "The same for writing: direct and synchronous writes; with cgroup v2 all.", "50M"},
      {"iops_read", "Reads and writes a second, likewise.", "1000"},
      {"iops_write", "", "1000"},
      {"net_in", "Bytes a second received and sent, counted in IP packets, loopback too.", "10M"},
      {"net_out", "", "10M"},
      {"disk",
       "Disk space of the jail's root, at least 16M: by a project quota where its file system has them, else in\n"
       "an image of that size, which can be made larger and not smaller.",
       "2G"},
      {"inodes", "Files and directories of it.", "100000"},
      {"best_effort", "true: a limit that this host cannot hold is a warning at the start, and not an error.", "true"},
  };
  for (const auto &more : kMore) {
    const std::string text = find_limit(more.key)->text(limits);
    const std::string value = text.empty() ? std::string(more.example) : text;
    const std::string written = value == "true" ? value : scalar(value);
    if (more.comment.empty()) {
      out.line(fmt::format("{}{} = {}\n", text.empty() ? "#" : "", more.key, written));
      continue;
    }
    out.key(more.comment, more.key, written, text.empty());
  }
}

void write_limits(Writer &out, const Limits &limits) {
  const auto number = [](const std::optional<uint64_t> &value, std::string_view example) {
    return value ? std::to_string(*value) : std::string(example);
  };
  const auto size = [](const std::optional<uint64_t> &value, std::string_view example) {
    return value ? scalar(size_text(*value)) : std::string(example);
  };
  out.section("[limits]",
              "For the jail as a whole. A key that is left out means no limit; the lines below show examples.");
  out.key("Memory in bytes, or with K, M, G, T (of 1024). At least 1M.", "memory", size(limits.memory, "\"512M\""),
          !limits.memory);
  out.key("Processes and threads, 1 to 4194304.", "processes", number(limits.processes, "100"), !limits.processes);
  out.key("Open files of each process, 16 to 2147483647.", "files", number(limits.files, "1024"), !limits.files);
  out.key("Send buffer and receive buffer of each socket, in bytes, or with K, M, G, T.", "sockbuf",
          size(limits.sockbuf, "\"4M\""), !limits.sockbuf);
  out.key("CPU time in ticks of 1/100 s for each period, 1 to 1000000; only with cpu_period.\n"
          "50 ticks in a period of 1000000 is half a CPU.",
          "cpu_quota", number(limits.cpu_quota, "50"), !limits.cpu_quota);
  out.key("The period in microseconds, 1000 to 1000000; only with cpu_quota.", "cpu_period",
          number(limits.cpu_period, "1000000"), !limits.cpu_period);
  write_more_limits(out, limits);
}

void write_log(Writer &out, const LogSpec &log) {
  const LogSpec defaults;
  out.section("[log]", "Where the command's output goes, see syslog(3).");
  out.key("auth, authpriv, cron, daemon, ftp, kern, lpr, mail, news, syslog, user, uucp, local0 to local7.\n"
          "Default: \"daemon\".",
          "facility", toml_string(facility_name(log.facility)), log.facility == defaults.facility);
  out.key("Level of standard output: emerg, alert, crit, err, warning, notice, info, debug, or 0 to 7.\n"
          "Default: \"notice\".",
          "out_level", toml_string(level_name(log.out_level)), log.out_level == defaults.out_level);
  out.key("Level of standard error. Default: \"err\".", "err_level", toml_string(level_name(log.err_level)),
          log.err_level == defaults.err_level);
  out.key("The program name in each line, 1 to 63 bytes. Default: \"jailctl\".", "tag", toml_string(log.tag),
          log.tag == defaults.tag);
  for (const auto &key : log_keys()) {
    const std::string text = key.text(log);
    out.key(key.comment, key.name, scalar(text), text == key.text(defaults));
  }
}

} // namespace jails
