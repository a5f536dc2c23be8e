// The parts that jail.toml and jailmgr.toml share, both ways.
#pragma once

#include "config/document.h"
#include "config/jail_config.h"
#include "config/reader.h"
#include "model/spec.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

namespace jails {

// Newer than `newest` is an error of its own, before any other: unknown keys are to be expected then.
Status read_version(std::string_view file, const TomlTable &table, int newest, int &to);

std::span<const std::string_view> jail_keys(); // of jail.toml, dotted

// Keys that both files have, dotted.
inline constexpr auto kSharedKeys =
    std::to_array<std::string_view>({"version",        "profile",          "autostart",         "restart",
                                     "restart_limit",  "restart_window",   "stop_grace",        "root",
                                     "limits",         "limits.memory",    "limits.processes",  "limits.files",
                                     "limits.sockbuf", "limits.cpu_quota", "limits.cpu_period", "log",
                                     "log.facility",   "log.out_level",    "log.err_level",     "log.tag",
                                     "log.syslog",     "log.syslog_lines", "log.syslog_bytes",  "log.file_size",
                                     "log.file_age",   "log.file_keep",    "log.landlock"});
// Those and a file's own.
template <size_t N> constexpr auto with_shared_keys(const std::string_view (&own)[N]) {
  std::array<std::string_view, kSharedKeys.size() + N> all;
  std::ranges::copy(own, std::ranges::copy(kSharedKeys, all.begin()).out);
  return all;
}

void read_supervision(TableReader &reader, bool &autostart, Profile &profile, Restart &restart,
                      uint32_t &stop_grace_ms);
// reactions: of [[limits.action]]; nullptr: there is no such key.
void read_limits(TableReader &top, Limits &to, const Restart &restart, std::vector<Reaction> *reactions);
void read_reactions(TableReader &limits, const Limits &of, const Restart &restart,
                    std::vector<Reaction> &to); // reaction_section.cpp
void read_log(TableReader &top, LogSpec &to);
uint32_t read_order(TableReader &top, JailConfig &to);                    // the line of `ready`; 0: not there
void read_net(TableReader &top, NetSpec &to);                             // net_section.cpp
void read_provision(TableReader &top, std::string &script);               // provision_section.cpp
void read_hooks(TableReader &top, const std::string &root, HookSpec &to); // hooks_section.cpp
void read_exec(TableReader &top, std::vector<ExecRule> &to);              // exec_section.cpp
// health_section.cpp; after the ports
void read_health(TableReader &top, const std::vector<PortReservation> &ports, HealthSpec &to);
void read_words(TableReader &reader, std::string_view key, std::vector<std::string> &to); // command_words() of a key

// A line split into words as sh(1) does, or a list of words, as check_command() wants them. Usage.
Result<std::vector<std::string>> command_words(const TomlValue &value);

// A list of texts, judged one by one so that the error names the line of the item. A comma would be a list in a list.
template <class T>
void read_list(TableReader &reader, std::string_view key, std::string_view expected, std::vector<T> &to,
               Status (*add)(std::vector<T> &, std::string_view)) {
  const auto *entry = reader.find(key);
  if (entry == nullptr) return;
  const auto *list = std::get_if<TomlArray>(&entry->value.data);
  if (list == nullptr) return reader.wrong(entry->line, key, expected);
  for (const auto &item : *list) {
    const auto *text = std::get_if<std::string>(&item.data);
    if (text == nullptr || text->contains(',')) return reader.wrong(item.line, key, expected);
    if (auto done = add(to, *text); !done) reader.wrong(item.line, key, done.error().text());
  }
}

// Writes keys with their comments, below each other.
class Writer {
public:
  void paragraph(std::string_view comment);                        // lines of comment, then nothing
  void section(std::string_view header, std::string_view comment); // "[limits]" below its comment
  // "key = value", commented out if `is_default`, below its comment.
  void key(std::string_view comment, std::string_view name, std::string_view value, bool is_default);
  void line(std::string_view text) { text_.append(text).append("\n"); }
  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  void comment(std::string_view text);
  std::string text_;
};

// A list of texts.
std::string toml_list(const auto &items, auto to_text) {
  std::string out = "[";
  for (const auto &item : items) out += (out.size() == 1 ? "" : ", ") + toml_string(to_text(item));
  return out + "]";
}
std::string seconds_text(uint32_t ms); // as TableReader::milliseconds() reads it

void write_supervision(Writer &out, bool autostart, Profile profile, const Restart &restart, uint32_t stop_grace_ms);
void write_limits(Writer &out, const Limits &limits);
void write_log(Writer &out, const LogSpec &log);
void write_order(Writer &out, const JailConfig &config);
void write_reactions(Writer &out, const std::vector<Reaction> &reactions);
void write_net(Writer &out, const NetSpec &net);
void write_provision(Writer &out, const std::string &script);
void write_health(Writer &out, const HealthSpec &health);
void write_hooks(Writer &out, const HookSpec &hooks);
void write_exec(Writer &out, const std::vector<ExecRule> &rules);

} // namespace jails
