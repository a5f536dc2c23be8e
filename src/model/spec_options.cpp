#include "model/spec_options.h"

#include "base/text.h"

#include <fmt/format.h>

namespace jails {
namespace {

using Setter = std::move_only_function<Status(std::string_view)>;

template <class T, class F> Setter parsed(T &to, F parse) {
  return [&to, parse](std::string_view text) -> Status {
    to = TRY(parse(text));
    return {};
  };
}

} // namespace

void add_permission_options(std::vector<Option> &options, Permissions &permissions) {
  options.push_back({0, "allow", "NAME[,NAME...]",
                     "grant permissions beyond the profile ('jailctl profile list'); may be repeated",
                     [&to = permissions.allow](std::string_view text) { return add_permissions(to, text); }, false});
  options.push_back({0, "deny", "NAME[,NAME...]", "take permissions that the profile includes; may be repeated",
                     [&to = permissions.deny](std::string_view text) { return add_permissions(to, text); }, false});
}

void add_jail_options(std::vector<Option> &options, JailFields fields) {
  Limits &limits = fields.limits;
  options.push_back({'l', "profile", "low|medium|high", "hardening profile (default high)",
                     parsed(fields.profile, parse_profile), true});
  add_permission_options(options, fields.permissions);
  options.push_back({'r', "reserve", "PORT[,PORT...]", "reserve ports: 8080, tcp/443, udp/53@10.0.0.5; may be repeated",
                     [&ports = fields.ports](std::string_view text) { return add_ports(ports, text); }, false});
  for (const auto &key : limit_keys()) {
    const bool flag = key.arg_name == nullptr;
    options.push_back(
        {key.letter, key.option, key.arg_name, key.help,
         [&limits, &key, flag](std::string_view text) { return key.assign(limits, flag ? "true" : text); }, true});
  }
}

void add_action_option(std::vector<Option> &options, std::vector<Reaction> &reactions) {
  options.push_back({0, "limit-action", "WHEN:DO",
                     "what is done when it uses too much: 'memory > 90% for 10s: log'; may be repeated",
                     [&reactions](std::string_view text) -> Status {
                       reactions.push_back(TRY(parse_reaction(text)));
                       return {};
                     },
                     false});
}

void add_exec_option(std::vector<Option> &options, std::vector<ExecRule> &rules) {
  options.push_back({0, "exec-allow", "WHO",
                     "lets a host user run commands in it: alice, %ops, 'bob as www-data'; may be repeated",
                     [&rules](std::string_view text) { return add_exec_rule(rules, text); }, false});
}

void add_restart_options(std::vector<Option> &options, Restart &restart) {
  options.push_back({0, "restart", "always|on-failure|never", "when the command ends (default always)",
                     parsed(restart.policy, parse_restart), true});
  options.push_back({0, "restart-limit", "NUMBER",
                     "give the jail up after so many restarts within the window (default 0: never)",
                     [&restart](std::string_view text) -> Status {
                       const auto number = parse_int<uint32_t>(text);
                       if (!number || *number > kRestartLimitMax)
                         return fail(ErrorKind::Usage, in_quotes(text) + ": expected a number from 0 to 1000");
                       restart.limit = *number;
                       return {};
                     },
                     true});
  options.push_back({0, "restart-window", "SECONDS", "of --restart-limit (default 60)",
                     [&restart](std::string_view text) -> Status {
                       const auto seconds = parse_int<uint32_t>(text);
                       if (!seconds || *seconds == 0 || *seconds > kRestartWindowMaxMs / 1000)
                         return fail(ErrorKind::Usage, in_quotes(text) + ": expected seconds from 1 to 86400");
                       restart.window_ms = *seconds * 1000;
                       return {};
                     },
                     true});
}

void add_log_options(std::vector<Option> &options, LogSpec &log) {
  options.push_back(
      {'f', "facility", "NAME", "syslog facility (default daemon)", parsed(log.facility, parse_facility), true});
  options.push_back({'o', "out-level", "LEVEL", "level of standard output (default notice)",
                     parsed(log.out_level, parse_level), true});
  options.push_back(
      {'e', "err-level", "LEVEL", "level of standard error (default err)", parsed(log.err_level, parse_level), true});
  options.push_back({'t', "tag", "TEXT", "syslog tag (default jailctl)", parsed(log.tag, parse_tag), true});
  for (const auto &key : log_keys())
    options.push_back({0, key.option, key.arg_name, key.help,
                       [&log, &key](std::string_view text) { return key.assign(log, text); }, true});
}

void add_net_options(std::vector<Option> &options, NetSpec &net) {
  options.push_back({0, "connect", "TO[,TO...]",
                     "may call on this host: db, db:5432, 127.0.0.1:6379, [::1]:53/udp; may be repeated",
                     [&net](std::string_view text) { return add_destinations(net.connect, text); }, false});
  options.push_back({0, "address", "ADDRESS[,ADDRESS...]", "has only these addresses of the host; may be repeated",
                     [&net](std::string_view text) { return add_addresses(net.addresses, text); }, false});
}

void add_mount_option(std::vector<Option> &options, std::vector<Bind> &binds) {
  options.push_back(
      {0, "mount", "SOURCE:TARGET[:rw]", "show a host directory inside, read-only unless :rw; may be repeated",
       [&binds](std::string_view text) -> Status {
         const auto parts = split(text, ':');
         if (parts.size() < 2 || parts.size() > 3 || (parts.size() == 3 && parts[2] != "rw" && parts[2] != "ro"))
           return fail(ErrorKind::Usage,
                       fmt::format("'{}': expected SOURCE:TARGET or SOURCE:TARGET:rw", printable(text)));
         binds.push_back({std::string(parts[0]), std::string(parts[1]), parts.size() == 2 || parts[2] == "ro"});
         return {};
       },
       false});
}

} // namespace jails
