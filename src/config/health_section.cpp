// [health]: how the jail is asked whether it is well.
#include "config/sections.h"

#include "base/text.h"

#include <fmt/format.h>
#include <optional>

namespace jails {

void read_words(TableReader &reader, std::string_view key, std::vector<std::string> &to) {
  const auto *entry = reader.find(key);
  if (entry == nullptr) return;
  auto words = command_words(entry->value);
  if (words)
    to = std::move(*words);
  else
    reader.wrong(entry->line, key, words.error().text());
}

void read_health(TableReader &top, const std::vector<PortReservation> &ports, HealthSpec &to) {
  const auto *table = top.table("health");
  if (table == nullptr) return;
  TableReader reader(top.notes(), *table, "health.", top.known());
  read_words(reader, "command", to.command);
  reader.parsed("port", "text like \"8080\"", to.port, parse_port);
  reader.text("http", "a path like \"/health\"", [&](const std::string &value) -> Status {
    to.http = value;
    return {};
  });
  reader.milliseconds("interval", to.interval_ms, kHealthMaxMs);
  reader.milliseconds("timeout", to.timeout_ms, kHealthMaxMs);
  reader.milliseconds("start_period", to.start_period_ms, kHealthMaxMs);
  std::optional<uint64_t> retries;
  reader.number("retries", retries, 1, kHealthRetriesMax);
  if (retries) to.retries = static_cast<uint32_t>(*retries);
  reader.parsed("recovery", R"("restart", "command", "give-up" or "none")", to.recovery, parse_recovery);
  read_words(reader, "recovery_command", to.recovery_command);
  reader.milliseconds("recovery_timeout", to.recovery_timeout_ms, kHealthMaxMs);
  const uint32_t line = top.find("health")->line;
  if (!reader.notes().clean()) return reader.done();
  if (!to.configured()) top.wrong(line, "health", "needs a command or a port");
  if (auto good = check_health(to, ports); !good) top.wrong(line, "health", good.error().text());
  reader.done();
}

void write_health(Writer &out, const HealthSpec &health) {
  const HealthSpec defaults;
  const bool set = health.configured();
  const auto words = [](const std::vector<std::string> &given, std::string_view example) {
    return given.empty() ? std::string(example) : toml_list(given, [](const std::string &word) { return word; });
  };
  out.section(set ? "[health]" : "#[health]",
              "Whether the command is well, asked again and again while it runs. Default: not asked.");
  out.key("Run in the jail as its root; exit status 0 is well. A line, or a list of words. This or port.", "command",
          words(health.command, "\"/usr/bin/check -q\""), health.command.empty());
  out.key("One of the jail's TCP ports that has to accept a connection.", "port",
          toml_string(health.port.port == 0 ? "8080" : to_string(health.port)), health.port.port == 0);
  out.key("With port: what is asked for by HTTP; a status from 200 to 399 is well.", "http",
          toml_string(health.http.empty() ? "/health" : health.http), health.http.empty());
  out.key("Seconds from one check to the next, from 0.1, fractions allowed. Default: 30.", "interval",
          seconds_text(health.interval_ms), health.interval_ms == defaults.interval_ms);
  out.key("Seconds after which a check has failed. Default: 5.", "timeout", seconds_text(health.timeout_ms),
          health.timeout_ms == defaults.timeout_ms);
  out.key("Failures in a row that make it unhealthy, 1 to 1000. Default: 3.", "retries", std::to_string(health.retries),
          health.retries == defaults.retries);
  out.key("Seconds after a start in which failures do not count, until it was well once. Default: 0.", "start_period",
          seconds_text(health.start_period_ms), health.start_period_ms == defaults.start_period_ms);
  out.key(
      "When it is unhealthy: \"restart\" the command as `restart` says, run a \"command\" in the jail, \"give-up\":\n"
      "take the jail down, failed, or \"none\": only tell. Default: \"restart\".",
      "recovery", toml_string(to_string(health.recovery)), health.recovery == defaults.recovery);
  out.key(
      "Run as its root, with recovery \"command\": when it becomes unhealthy, and after each `retries` failures more.",
      "recovery_command", words(health.recovery_command, "\"/usr/bin/repair\""), health.recovery_command.empty());
  out.key("Seconds after which that is killed. Default: 30.", "recovery_timeout",
          seconds_text(health.recovery_timeout_ms), health.recovery_timeout_ms == defaults.recovery_timeout_ms);
}

} // namespace jails
