#include "view/proc.h"

#include "base/text.h"

#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/sysmacros.h>
#include <vector>

namespace jails::view {

std::optional<Stat> parse_stat(std::string_view text) {
  // "12 (a name) S 1 ...": the name may hold blanks and brackets, so the last one ends it.
  const auto from = text.find('(');
  const auto until = text.rfind(')');
  if (from == text.npos || until == text.npos || until < from) return std::nullopt;
  const auto fields = split(trim(text.substr(until + 1)), ' ');
  constexpr size_t kFirst = 3; // number of the field after the name, as the manual page counts them
  const auto number = [&]<class T>(size_t field, T &to) {
    const auto value = field - kFirst < fields.size() ? parse_int<T>(fields[field - kFirst]) : std::nullopt;
    to = value.value_or(T{});
    return value.has_value();
  };
  Stat stat;
  stat.program = text.substr(from + 1, until - from - 1);
  if (fields[0].size() != 1) return std::nullopt;
  stat.state = fields[0][0];
  int32_t tty = 0;
  uint64_t user = 0, system = 0;
  if (!number(4, stat.ppid) || !number(5, stat.group) || !number(6, stat.session) || !number(7, tty) ||
      !number(8, stat.tty_group) || !number(14, user) || !number(15, system) || !number(20, stat.threads) ||
      !number(24, stat.rss_pages))
    return std::nullopt;
  stat.tty = static_cast<uint32_t>(tty);
  stat.cpu_ticks = user + system;
  return stat;
}

std::optional<uint32_t> effective_uid(std::string_view status) {
  constexpr std::string_view kField = "\nUid:\t";
  const auto at = status.find(kField);
  if (at == status.npos) return std::nullopt;
  const auto line = status.substr(at + kField.size(), status.find('\n', at + 1) - at - kField.size());
  const auto ids = split(line, '\t');
  return ids.size() == 4 ? parse_int<uint32_t>(ids[1]) : std::nullopt;
}

std::string_view v2_path(std::string_view cgroup) {
  for (const auto line : split(cgroup, '\n'))
    if (line.starts_with("0::")) return line.substr(3);
  return {};
}

std::string state_text(const Stat &stat, pid_t pid) {
  std::string text(1, stat.state);
  if (stat.session == pid) text += 's';
  if (stat.threads > 1) text += 'l';
  if (stat.tty_group > 0 && stat.tty_group == stat.group) text += '+';
  return text;
}

std::string tty_text(uint32_t device) {
  constexpr unsigned kConsole = 4, kFirstPts = 136, kLastPts = 143; // majors: devices.txt of the kernel
  if (device == 0) return "";
  const unsigned from = major(device), number = minor(device);
  if (from >= kFirstPts && from <= kLastPts) return fmt::format("pts/{}", number + (from - kFirstPts) * 256);
  if (from == kConsole && number < 64) return fmt::format("tty{}", number);
  return fmt::format("{}:{}", from, number);
}

std::string command_text(std::string_view cmdline, const Stat &stat) {
  while (!cmdline.empty() && cmdline.back() == '\0') cmdline.remove_suffix(1);
  if (cmdline.empty()) return fmt::format("[{}]{}", printable(stat.program), stat.state == 'Z' ? " <defunct>" : "");
  std::string line(cmdline);
  std::ranges::replace(line, '\0', ' ');
  return printable(line);
}

std::optional<Held> Held::open(int proc, pid_t pid) {
  Fd dir(openat(proc, fmt::format("{}", pid).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) return std::nullopt;
  return Held(std::move(dir));
}

std::string Held::read(const char *name, size_t max) const {
  const Fd file(openat(dir_.get(), name, O_RDONLY | O_CLOEXEC));
  std::string text(max, '\0');
  size_t used = 0;
  while (file && used < max) {
    const ssize_t got = ::read(file.get(), text.data() + used, max - used);
    if (got <= 0) break;
    used += static_cast<size_t>(got);
  }
  text.resize(used);
  return text;
}

} // namespace jails::view
