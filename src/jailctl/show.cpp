#include "jailctl/verb.h"

#include "abi/capability_policy.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/form.h"
#include "cli/journal.h"
#include "cli/members.h"
#include "cli/table.h"
#include "jail/control.h"
#include "jail/ending.h"
#include "model/policy.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

namespace {

struct Shown {
  JailRow row;
  std::optional<Spec> spec; // none: a transient jail whose supervisor has died
  supervise::SupervisorStatus supervisor;
  std::string state;
  std::optional<journal::Event> end;
  std::string log_file;
};

Result<Shown> look_up(const Call &call, const JailName &name) {
  Shown shown{.row = TRY(find_jail(call.instance, name.str())),
              .spec = {},
              .supervisor = {},
              .state = {},
              .end = {},
              .log_file = call.instance.log_file(name)};
  if (auto spec = spec_in_force(call.instance, name))
    shown.spec = std::move(*spec);
  else if (spec.error().kind() != ErrorKind::NotFound)
    return std::unexpected(std::move(spec).error());
  shown.end = TRY(last_end(call.instance, name));
  shown.state = failure_of(call.instance, shown.row) ? "failed" : "registered";
  if (!is_running(call.instance, name)) {
    shown.row.supervisor = shown.row.anchor = 0; // of processes that are gone
    return shown;
  }
  auto status = supervisor_status(call.instance, name, Patience::None);
  if (!status && status.error().kind() == ErrorKind::NotFound) { // it is only starting, or just ends
    shown.state = "changing";
    return shown;
  }
  shown.supervisor = TRY(std::move(status));
  shown.state = shown.supervisor.state;
  return shown;
}

std::string optional_pid(uint32_t pid) { return pid == 0 ? "-" : fmt::format("{}", pid); }

struct GivenLimit {
  std::string name, value; // as `jailctl set` takes them
};
std::vector<GivenLimit> given_limits(const Limits &limits) {
  std::vector<GivenLimit> given;
  for (const auto &word : limit_words(limits)) {
    const auto equals = word.find('=');
    given.push_back({word.substr(0, equals), word.substr(equals + 1)});
  }
  return given;
}

std::vector<std::string> texts_of(const auto &values) {
  std::vector<std::string> texts;
  for (const auto &value : values) texts.push_back(to_string(value));
  return texts;
}

cli::Json pid_json(uint32_t pid) { return pid == 0 ? cli::Json() : cli::Json(pid); }

cli::Json permissions_json(const Spec &spec) {
  auto rows = cli::Json::array();
  const PermissionSet in_force = effective(spec.profile, spec.permissions);
  for (unsigned id = 0; id < SJ_PERMS; id++)
    rows.push_back({{"name", sj_permissions[id].name},
                    {"in_force", sj_has(in_force, id) != 0},
                    {"from", origin_of(id, spec.profile, spec.permissions)}});
  return rows;
}

cli::Json log_json(const LogSpec &log, const std::string &file) {
  return {{"facility", facility_name(log.facility)},
          {"out_level", level_name(log.out_level)},
          {"err_level", level_name(log.err_level)},
          {"tag", log.tag},
          {"syslog", to_string(log.syslog)},
          {"syslog_lines", log.syslog_lines},
          {"syslog_bytes", log.syslog_bytes},
          {"file", file},
          {"file_size", log.file_size},
          {"file_age", log.file_age},
          {"file_keep", log.file_keep},
          {"landlock", log.landlock ? "audit" : "off"}};
}

cli::Json health_json(const HealthSpec &health) {
  if (!health.configured()) return {};
  return {{"command", health.command},
          {"port", health.port.port == 0 ? cli::Json() : cli::Json(to_string(health.port))},
          {"http", health.http.empty() ? cli::Json() : cli::Json(health.http)},
          {"interval_ms", health.interval_ms},
          {"timeout_ms", health.timeout_ms},
          {"retries", health.retries},
          {"start_period_ms", health.start_period_ms},
          {"recovery", to_string(health.recovery)},
          {"recovery_command", health.recovery_command},
          {"recovery_timeout_ms", health.recovery_timeout_ms}};
}

cli::Json hooks_json(const HookSpec &hooks) {
  if (!hooks.configured()) return {};
  cli::Json out;
  for (size_t i = 0; i < kHookPoints; i++) {
    const auto point = static_cast<HookPoint>(i);
    out[std::string(to_string(point))] = hooks.at(point);
  }
  out["timeout_ms"] = hooks.timeout_ms;
  return out;
}

cli::Json spec_json(const Spec &spec, const std::string &log_file) {
  const PermissionSet in_force = effective(spec.profile, spec.permissions);
  auto limits = cli::Json::object();
  for (const auto &limit : given_limits(spec.limits)) {
    const auto number = parse_int<uint64_t>(limit.value);
    limits[limit.name] = number ? cli::Json(*number) : cli::Json(limit.value);
  }
  auto mounts = cli::Json::array();
  for (const auto &bind : spec.binds)
    mounts.push_back({{"source", bind.source}, {"target", bind.target}, {"read_only", bind.read_only}});
  return {{"hostname", spec.hostname.empty() ? spec.name.str() : spec.hostname},
          {"allow", names_of(spec.permissions.allow)},
          {"deny", names_of(spec.permissions.deny)},
          {"permissions", permissions_json(spec)},
          {"no_new_privs", sj_no_new_privs(in_force) != 0},
          {"capabilities", capability_names(capabilities_of(spec.profile, in_force, has_low_port(spec.ports)))},
          {"limits", std::move(limits)},
          {"limit_actions", texts_of(spec.reactions)},
          {"image", spec.image.empty() ? cli::Json() : cli::Json(spec.image)},
          {"connect", texts_of(spec.net.connect)},
          {"addresses", texts_of(spec.net.addresses)},
          {"mounts", std::move(mounts)},
          {"command", spec.command},
          {"restart", to_string(spec.restart.policy)},
          {"restart_limit", spec.restart.limit},
          {"restart_window_ms", spec.restart.window_ms},
          {"health_check", health_json(spec.health)},
          {"hooks", hooks_json(spec.hooks)},
          {"exec_allow", texts_of(spec.exec_rules)},
          {"stop_grace_ms", spec.stop_grace_ms},
          {"log", log_json(spec.log, log_file)}};
}

void print_as_json(const Shown &shown) {
  const auto &row = shown.row;
  auto out = cli::json_document("jailctl-show-1");
  out.update({{"jid", row.jid},
              {"name", row.name},
              {"state", shown.state},
              {"root", row.root},
              {"profile", to_string(row.profile)},
              {"age_seconds", cli::age_seconds(row)},
              {"ports", texts_of(row.ports)},
              {"cgroup_id", row.cgroup_id == 0 ? cli::Json() : cli::Json(row.cgroup_id)},
              {"supervisor", pid_json(static_cast<uint32_t>(row.supervisor))},
              {"anchor", pid_json(static_cast<uint32_t>(row.anchor))},
              {"workload", pid_json(shown.supervisor.workload)},
              {"restarts", shown.supervisor.restarts},
              {"health", shown.supervisor.health.empty() ? cli::Json() : cli::Json(shown.supervisor.health)},
              {"last_end", shown.end ? cli::event_json(*shown.end) : cli::Json()}});
  if (shown.spec) out.update(spec_json(*shown.spec, shown.log_file));
  cli::print_json(out);
}

using Rows = std::vector<std::vector<std::string>>;

std::string or_dash(const std::vector<std::string> &words, const char *separator) {
  return words.empty() ? "-" : printable(fmt::format("{}", fmt::join(words, separator)));
}

std::string limit_text(const Restart &restart) {
  if (restart.limit == 0) return "";
  return fmt::format(", given up at {} in {} s", restart.limit, restart.window_ms / 1000.0);
}

void add_spec(Rows &rows, const Spec &spec, const std::string &log_file) {
  const PermissionSet in_force = effective(spec.profile, spec.permissions);
  rows.push_back({"hostname", spec.hostname.empty() ? spec.name.str() : spec.hostname});
  if (!spec.image.empty()) rows.push_back({"image", printable(spec.image)});
  rows.push_back({"command", or_dash(spec.command, " ")});
  rows.push_back({"restart", fmt::format("{}{}, stop grace {} s", to_string(spec.restart.policy),
                                         limit_text(spec.restart), spec.stop_grace_ms / 1000.0)});
  rows.push_back({"log", fmt::format("{}.{}, errors {}.{}, tag {}, {}", facility_name(spec.log.facility),
                                     level_name(spec.log.out_level), facility_name(spec.log.facility),
                                     level_name(spec.log.err_level), printable(spec.log.tag), log_file)});
  rows.push_back({"log file", fmt::format("turned over at {}, {} kept; syslog {}",
                                          spec.log.file_size == 0 ? "no size" : size_text(spec.log.file_size),
                                          spec.log.file_keep, to_string(spec.log.syslog))});
  if (spec.log.landlock) rows.push_back({"log landlock", "audit"});
  rows.push_back({"connect", or_dash(texts_of(spec.net.connect), ",")});
  rows.push_back({"addresses", or_dash(texts_of(spec.net.addresses), ",")});
  for (const auto &limit : given_limits(spec.limits)) rows.push_back({"limit " + limit.name, limit.value});
  for (const auto &reaction : spec.reactions) rows.push_back({"limit action", to_string(reaction)});
  if (!spec.exec_rules.empty()) rows.push_back({"exec allow", or_dash(texts_of(spec.exec_rules), ", ")});
  for (const auto &bind : spec.binds)
    rows.push_back({fmt::format("mount {}", printable(bind.target)),
                    fmt::format("{}{}", printable(bind.source), bind.read_only ? "" : ", writable")});
  rows.push_back({"no_new_privs", sj_no_new_privs(in_force) != 0 ? "yes" : "no"});
  rows.push_back({"capabilities",
                  or_dash(capability_names(capabilities_of(spec.profile, in_force, has_low_port(spec.ports))), " ")});
}

Rows permission_rows(const Spec &spec) {
  Rows rows{{"PERMISSION", "IN FORCE", "FROM", "WHAT"}};
  const PermissionSet in_force = effective(spec.profile, spec.permissions);
  for (unsigned id = 0; id < SJ_PERMS; id++) {
    const auto from = origin_of(id, spec.profile, spec.permissions);
    rows.push_back({sj_permissions[id].name, sj_has(in_force, id) != 0 ? "yes" : "no",
                    from.empty() ? "-" : std::string(from), sj_permissions[id].about});
  }
  return rows;
}

void print_as_text(const Shown &shown) {
  const auto &row = shown.row;
  Rows rows{{"jid", fmt::format("{}", row.jid)},
            {"name", row.name},
            {"state", shown.state},
            {"root", printable(row.root)},
            {"profile", std::string(to_string(row.profile))},
            {"age", fmt::format("{}s", cli::age_seconds(row))},
            {"ports", or_dash(texts_of(row.ports), ",")},
            {"supervisor", optional_pid(static_cast<uint32_t>(row.supervisor))},
            {"anchor", optional_pid(static_cast<uint32_t>(row.anchor))},
            {"workload", optional_pid(shown.supervisor.workload)}};
  if (shown.supervisor.restarts != 0) rows.push_back({"restarts", fmt::format("{}", shown.supervisor.restarts)});
  if (!shown.supervisor.health.empty()) rows.push_back({"health", shown.supervisor.health});
  if (shown.end)
    rows.push_back(
        {"last end", fmt::format("{}, at {}", journal::describe(*shown.end), cli::local_time(shown.end->time_ms))});
  if (shown.spec) add_spec(rows, *shown.spec, shown.log_file);
  fmt::print("{}", cli::align(rows));
  if (shown.spec) fmt::print("\n{}", cli::align(permission_rows(*shown.spec)));
}

} // namespace

Result<int> show(const Call &call) {
  constexpr std::string_view kUsage = "jailctl show [-j] jail";
  cli::Form form;
  std::vector<Option> options;
  cli::add_form_options(options, form, cli::Forms::JsonOnly);
  const auto parsed = TRY(
      parse(call, kUsage,
            "Everything known of a jail: identity, state, what it may, limits, log. What is in force while it runs.",
            std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 1));
  TRY(need_root(call));
  const auto shown = TRY(look_up(call, TRY(selected_jail(call, parsed.operands[0]))));
  if (form.json)
    print_as_json(shown);
  else
    print_as_text(shown);
  return 0;
}

} // namespace jailctl
