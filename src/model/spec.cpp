#include "model/spec.h"

#include "base/text.h"

#include <algorithm>
#include <climits>

namespace jails {

namespace {

std::unexpected<Error> usage(std::string text) { return fail(ErrorKind::Usage, std::move(text)); }

Status check_log(const LogSpec &log) {
  if (facility_name(log.facility).empty()) return usage("log facility " + std::to_string(log.facility) + ": not known");
  for (int level : {log.out_level, log.err_level})
    if (level_name(level).empty()) return usage("log level " + std::to_string(level) + ": expected 0 to 7");
  if (TRY(parse_tag(log.tag)) != log.tag) return usage("log tag " + in_quotes(log.tag) + ": has control characters");
  return {};
}

Status check_ports(const std::vector<PortReservation> &ports) {
  std::vector<PortReservation> all;
  for (const auto &port : ports) {
    if (port.protos == 0 || port.protos > kBothProtos || (port.family != 0 && port.family != 4 && port.family != 6))
      return usage("port " + std::to_string(port.port) + ": no such protocol or address family");
    TRY(add_ports(all, to_string(port)));
  }
  return {};
}

} // namespace

bool is_at_or_below(std::string_view path, std::string_view top) {
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

Spec default_spec(JailName name, std::string root) {
  return Spec{.name = std::move(name),
              .root = std::move(root),
              .image = {},
              .permissions = {},
              .ports = {},
              .net = {},
              .limits = {},
              .reactions = {},
              .binds = {},
              .command = {},
              .restart = {},
              .log = {},
              .health = {},
              .hooks = {},
              .exec_rules = {},
              .hostname = {}};
}

Status check_path(std::string_view what, std::string_view path, size_t max) {
  const auto bad = [&](std::string_view why) {
    return usage(std::string(what) + " " + in_quotes(path) + ": " + std::string(why));
  };
  if (path.empty()) return bad("expected an absolute path");
  if (printable(path) != path) return bad("has control characters or is not UTF-8");
  if (path[0] != '/') return bad("not absolute, it must start with '/'");
  if (path == "/") return bad("cannot be '/' itself");
  if (path.size() > max) return bad("longer than " + std::to_string(max) + " bytes");
  for (auto component : split(path.substr(1), '/')) {
    if (component.empty()) return bad("has an empty component, write no '//' and no '/' at the end");
    if (component == "." || component == "..") return bad("has a '.' or '..' component, write the path out");
    if (component.size() > NAME_MAX) return bad("has a component longer than 255 bytes");
  }
  return {};
}

Status check_hostname(std::string_view hostname) {
  constexpr size_t kMaxBytes = 64; // __NEW_UTS_LEN
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  const bool valid = !hostname.empty() && hostname.size() <= kMaxBytes && std::ranges::all_of(hostname, good) &&
                     hostname[0] != '-' && hostname[0] != '.';
  if (valid) return {};
  return usage("host name " + in_quotes(hostname) +
               ": expected 1 to 64 characters of A-Z a-z 0-9 . _ and -, not starting with '.' or '-'");
}

Status check_command(const std::vector<std::string> &command) {
  // execve(2): one string may have 32 pages, all of them a quarter of the stack limit; half of the usual 2 MiB is kept
  // for the environment.
  constexpr size_t kStringMax = 32 * 4096, kAllMax = 1 << 20;
  if (command.empty()) return {};
  if (command[0].empty()) return usage("command: the name of the program is empty");
  size_t total = 0;
  for (const auto &word : command) {
    if (word.find('\0') != word.npos) return usage("command: " + in_quotes(word) + " has a NUL character");
    if (word.size() >= kStringMax) return usage("command: " + in_quotes(word) + " is longer than 131071 bytes");
    total += word.size() + 1;
  }
  if (total > kAllMax) return usage("command: longer than 1 MiB");
  return {};
}

Status check_bind(const Bind &bind) {
  TRY(check_path("mount source", bind.source, kBindPathMax));
  TRY(check_path("mount target", bind.target, kBindPathMax));
  for (std::string_view own : {"/dev", "/proc", "/sys"})
    if (is_at_or_below(bind.target, own))
      return usage("mount target " + in_quotes(bind.target) + ": " + std::string(own) + " is the jail's own mount");
  return {};
}

Status check_host_program(std::string_view what, const std::string &program, std::string_view root) {
  constexpr size_t kProgramPathMax = 4095;
  TRY(check_path(what, program, kProgramPathMax));
  if (!is_at_or_below(program, root)) return {};
  return usage(std::string(what) + " " + in_quotes(program) +
               ": lies in the jail's root, where the jail can change it");
}

Status validate(const Spec &spec) {
  TRY(check_path("root", spec.root, kRootPathMax));
  if (!spec.image.empty()) TRY(check_path("image", spec.image, kBindPathMax));
  TRY(check_permissions(spec.permissions, spec.profile));
  TRY(check_ports(spec.ports));
  TRY(check_net(spec.net));
  TRY(check_limits(spec.limits));
  TRY(check_reactions(spec.reactions, spec.limits, spec.restart));
  for (const auto &reaction : spec.reactions)
    if (reaction.act == Act::Exec)
      TRY(check_host_program("limit action: program of the host", reaction.command.at(0), spec.root));
  for (size_t i = 0; i < spec.binds.size(); i++) {
    TRY(check_bind(spec.binds[i]));
    const auto same = [&](const Bind &other) { return other.target == spec.binds[i].target; };
    if (std::any_of(spec.binds.begin(), spec.binds.begin() + static_cast<ptrdiff_t>(i), same))
      return usage("mount target " + in_quotes(spec.binds[i].target) + " is given twice");
  }
  TRY(check_command(spec.command));
  TRY(check_restart(spec.restart));
  TRY(check_health(spec.health, spec.ports));
  TRY(check_hooks(spec.hooks, spec.root));
  TRY(check_exec_rules(spec.exec_rules));
  if (spec.stop_grace_ms > kStopGraceMaxMs)
    return usage("stop grace " + std::to_string(spec.stop_grace_ms) + " ms: expected 0 to 3600000");
  TRY(check_log(spec.log));
  if (!spec.hostname.empty()) TRY(check_hostname(spec.hostname));
  return {};
}

} // namespace jails
