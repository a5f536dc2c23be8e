#include "svcmgr/config.h"

#include "base/fd.h"
#include "base/text.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace svcmgr {

using namespace jails;

namespace {

constexpr size_t kMaxFile = 64U << 10U, kMaxName = 32;
constexpr uint32_t kMaxGrace = 3600;

std::unexpected<Error> wrong(std::string_view file, size_t line, std::string_view text) {
  return fail(ErrorKind::Malformed, fmt::format("{}:{}: {}", printable(file), line, text));
}

Status assign(Service &to, std::string_view key, std::string_view value) {
  if (key == "command") {
    to.command = TRY(split_command(value));
    if (to.command.empty()) return fail(ErrorKind::Usage, "expected a command");
  } else if (key == "directory") {
    if (!value.starts_with('/')) return fail(ErrorKind::Usage, "expected an absolute path");
    to.directory = value;
  } else if (key == "restart") {
    to.restart = TRY(parse_restart(value));
  } else if (key == "stop_grace") {
    const auto seconds = parse_int<uint32_t>(value);
    if (!seconds || *seconds > kMaxGrace) return fail(ErrorKind::Usage, "expected seconds from 0 to 3600");
    to.stop_grace_ms = *seconds * 1000;
  } else {
    return fail(ErrorKind::Usage, "unknown key, expected command, directory, restart or stop_grace");
  }
  return {};
}

// Empty where there is none.
Result<std::string> read_if_there(int dir, const std::string &path) {
  const Fd file(openat(dir, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file && errno == ENOENT) return std::string();
  struct stat st{};
  if (!file || fstat(file.get(), &st) != 0) return fail_errno(path);
  if (!S_ISREG(st.st_mode)) return fail(ErrorKind::Malformed, printable(path) + ": not a file");
  return TRY_IN(path, sys::read_all(file.get(), kMaxFile));
}

} // namespace

Status check_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (!name.empty() && name.size() <= kMaxName && name[0] != '.' && std::ranges::all_of(name, good)) return {};
  return fail(ErrorKind::Usage, fmt::format("service {}: expected 1 to 32 characters of A-Z a-z 0-9 . _ and -, not "
                                            "beginning with '.'",
                                            in_quotes(name)));
}

Result<Service> parse_service(std::string_view text, std::string_view file, std::string_view name) {
  Service service{.name = std::string(name)};
  size_t number = 0;
  for (auto line : split(text, '\n')) {
    number++;
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    const auto equals = line.find('=');
    if (equals == line.npos) return wrong(file, number, "expected key = value");
    const auto key = trim(line.substr(0, equals));
    if (const auto done = assign(service, key, trim(line.substr(equals + 1))); !done)
      return wrong(file, number, fmt::format("key {}: {}", in_quotes(key), done.error().text()));
  }
  if (service.command.empty()) return wrong(file, number, "no command");
  return service;
}

Result<std::vector<Service>> parse_list(std::string_view text, std::string_view file) {
  std::vector<Service> services;
  size_t number = 0;
  for (auto line : split(text, '\n')) {
    number++;
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    const auto blank = line.find_first_of(" \t");
    if (blank == line.npos) return wrong(file, number, "expected a name and a command");
    const auto name = line.substr(0, blank);
    if (const auto good = check_name(name); !good) return wrong(file, number, good.error().text());
    services.push_back(
        {.name = std::string(name), .command = {"/bin/sh", "-c", std::string(trim(line.substr(blank)))}});
  }
  return services;
}

Result<std::vector<Service>> load(const std::string &list, const std::string &directory) {
  auto services = TRY(parse_list(TRY(read_if_there(AT_FDCWD, list)), list));
  const Fd dir(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir && errno != ENOENT) return fail_errno(directory);
  for (const auto &name : dir ? TRY(sys::names_in(dir.get())) : std::vector<std::string>{}) {
    if (name.starts_with('.') || name.ends_with('~')) continue; // an editor's
    TRY_IN(directory, check_name(name));
    const std::string text = TRY_IN(directory, read_if_there(dir.get(), name));
    services.push_back(TRY(parse_service(text, directory + "/" + name, name)));
  }
  if (services.empty())
    return fail(ErrorKind::NotFound, fmt::format("there is no service, neither in {} nor in {}", list, directory));
  std::ranges::sort(services, {}, &Service::name);
  const auto twice = std::ranges::adjacent_find(services, {}, &Service::name);
  if (twice != services.end()) return fail(ErrorKind::Exists, fmt::format("service {} is given twice", twice->name));
  return services;
}

} // namespace svcmgr
