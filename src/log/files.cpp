#include "log/files.h"

#include "base/text.h"

#include <algorithm>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

namespace jails::log {
namespace {

struct Turned {
  uint64_t number;
  std::string path;
};

// With compressed ones where `packed` says so.
std::vector<Turned> find_turned(const std::string &path, bool packed) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == path.npos ? "." : path.substr(0, slash);
  const std::string prefix = path.substr(slash == path.npos ? 0 : slash + 1) + ".";
  std::vector<Turned> found;
  const std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir(directory.c_str()), closedir);
  if (!dir) return found;
  while (const dirent *entry = readdir(dir.get())) {
    std::string_view name = entry->d_name;
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    if (packed && name.ends_with(".gz")) name.remove_suffix(3);
    const auto number = parse_int<uint64_t>(name);
    if (number && *number > 0 && name[0] != '0') found.push_back({*number, directory + "/" + entry->d_name});
  }
  std::ranges::sort(found, {}, &Turned::number);
  return found;
}

} // namespace

std::string turned_path(const std::string &path, uint64_t number) { return path + "." + std::to_string(number); }

std::vector<uint64_t> turned_numbers(const std::string &path) {
  std::vector<uint64_t> numbers;
  for (const auto &turned : find_turned(path, false)) numbers.push_back(turned.number);
  return numbers;
}

bool turn_over(const std::string &path, uint64_t keep) {
  auto numbers = turned_numbers(path);
  for (; !numbers.empty() && numbers.back() > keep; numbers.pop_back())
    unlink(turned_path(path, numbers.back()).c_str());
  if (keep == 0) return unlink(path.c_str()) == 0;
  uint64_t gap = 1; // the first free number: what is beyond it need not move
  for (const auto number : numbers)
    if (number == gap) gap++;
  for (uint64_t to = std::min(gap, keep); to > 1; to--)
    if (rename(turned_path(path, to - 1).c_str(), turned_path(path, to).c_str()) != 0) return false;
  return rename(path.c_str(), turned_path(path, 1).c_str()) == 0;
}

void remove_files(const std::string &path) {
  for (const auto &turned : find_turned(path, true)) unlink(turned.path.c_str());
  unlink(path.c_str());
}

void move_files(const std::string &path, const std::string &to) {
  const auto move = [](const std::string &from, const std::string &onto) {
    (void)renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, onto.c_str(), RENAME_NOREPLACE);
  };
  for (const auto &turned : find_turned(path, true)) move(turned.path, to + turned.path.substr(path.size()));
  move(path, to);
}

} // namespace jails::log
