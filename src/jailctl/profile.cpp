#include "jailctl/verb.h"

#include "abi/capability_policy.h"
#include "abi/syscall_policy.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/form.h"
#include "cli/table.h"
#include "model/policy.h"
#include "model/spec_options.h"

#include <fmt/format.h>

namespace jailctl {

using namespace jails;

namespace {

constexpr Profile kProfiles[] = {Profile::Low, Profile::Medium, Profile::High};

// "yes": the profile includes it; "allow": --allow grants it; "no".
std::string_view has(const sj_permission &row, Profile profile) {
  const unsigned bit = 1U << static_cast<unsigned>(profile);
  if ((row.profiles & bit) != 0) return "yes";
  return (row.grantable & bit) != 0 ? "allow" : "no";
}

void list_json() {
  auto all = cli::Json::array();
  for (const auto &row : sj_permissions) {
    cli::Json entry{{"name", row.name}};
    for (const auto profile : kProfiles) entry[std::string(to_string(profile))] = has(row, profile);
    entry["capabilities"] = capability_names(row.capabilities);
    entry["about"] = row.about;
    all.push_back(std::move(entry));
  }
  auto never = cli::Json::array();
  for (const auto &row : sj_never) never.push_back({{"name", row.name}, {"why", row.why}});
  auto out = cli::json_document("jailctl-profile-list-1");
  out.update({{"permissions", std::move(all)}, {"never", std::move(never)}});
  cli::print_json(out);
}

void list(const cli::Form &form) {
  if (form.json) return list_json();
  std::vector<std::vector<std::string>> rows{{"PERMISSION", "LOW", "MEDIUM", "HIGH", "WHAT"}};
  for (const auto &row : sj_permissions) {
    std::vector<std::string> cells{row.name};
    for (const auto profile : kProfiles) cells.emplace_back(has(row, profile));
    cells.emplace_back(row.about);
    rows.push_back(std::move(cells));
  }
  std::vector<std::vector<std::string>> never;
  for (const auto &row : sj_never) never.push_back({row.name, "no", "no", "no", row.why});
  if (form.tabs) rows.insert(rows.end(), never.begin(), never.end());
  cli::print_rows(std::move(rows), form);
  if (form.tabs) return;
  fmt::print("\nNever granted:\n");
  for (auto &row : never) row.erase(row.begin() + 1, row.begin() + 4);
  fmt::print("{}", cli::align(never));
}

// By which permission a capability came, if by one.
std::string_view source_of(uint64_t bit, PermissionSet in_force) {
  for (unsigned id = 0; id < SJ_PERMS; id++)
    if (sj_has(in_force, id) != 0 && (sj_permissions[id].capabilities & bit) != 0) return sj_permissions[id].name;
  return "";
}

std::vector<std::vector<std::string>> capability_rows(uint64_t caps, PermissionSet in_force) {
  std::vector<std::vector<std::string>> rows;
  for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
    if ((caps >> cap & 1U) != 0)
      rows.push_back({"capability", fmt::format("{}", cap), capability_names(1ULL << cap)[0], "allow", "",
                      std::string(source_of(1ULL << cap, in_force))});
  return rows;
}

void show_json(Profile profile, const Permissions &permissions, PermissionSet in_force, uint64_t caps) {
  auto out = cli::json_document("jailctl-profile-show-1");
  out.update({{"profile", to_string(profile)},
              {"allow", names_of(permissions.allow)},
              {"deny", names_of(permissions.deny)},
              {"permissions", names_of(in_force)},
              {"no_new_privs", sj_no_new_privs(in_force) != 0},
              {"capabilities", capability_names(caps)}});
  auto lines = cli::Json::array();
  for (const auto &line : syscall_lines(profile, in_force))
    lines.push_back({{"number", line.nr},
                     {"name", line.name},
                     {"answer", line.answer},
                     {"when", line.when},
                     {"permission", line.permission}});
  out["system_calls"] = std::move(lines);
  cli::print_json(out);
}

void show_policy(Profile profile, const Permissions &permissions, bool has_low_port, const cli::Form &form) {
  const PermissionSet in_force = effective(profile, permissions);
  const uint64_t caps = capabilities_of(profile, in_force, has_low_port);
  if (form.json) return show_json(profile, permissions, in_force, caps);
  std::vector<std::vector<std::string>> rows{{"KIND", "NUMBER", "NAME", "ANSWER", "WHEN", "PERMISSION"}};
  for (auto &row : capability_rows(caps, in_force)) rows.push_back(std::move(row));
  for (const auto &line : syscall_lines(profile, in_force))
    rows.push_back({"syscall", fmt::format("{}", line.nr), std::string(line.name), std::string(line.answer), line.when,
                    std::string(line.permission)});
  rows.push_back({"syscall", fmt::format("{}-", SJ_SYSCALL_KNOWN_MAX + 1), "-", "ENOSYS", "", ""});
  if (form.tabs) return cli::print_rows(std::move(rows), form);
  fmt::print("profile {}, no_new_privs {}\n", to_string(profile), sj_no_new_privs(in_force) != 0 ? "yes" : "no");
  fmt::print("permissions: {}\n\n", fmt::join(names_of(in_force), " "));
  cli::print_rows(std::move(rows), form);
}

} // namespace

Result<int> profile(const Call &call) {
  constexpr std::string_view kUsage = "jailctl profile list [-T [-H] | -j] | show [--allow NAME] [--deny NAME] [-r "
                                      "PORT] [-T [-H] | -j] low|medium|high";
  cli::Form form;
  Permissions permissions;
  std::vector<PortReservation> ports;
  std::vector<Option> options;
  add_permission_options(options, permissions);
  options.push_back({'r', "reserve", "PORT[,PORT...]",
                     "as of a jail with these ports: one below 1024 adds a capability",
                     [&ports](std::string_view text) { return add_ports(ports, text); }, false});
  cli::add_form_options(options, form);
  const auto parsed = TRY(parse(call, kUsage,
                                "list: the permissions, which profiles include them, and what nobody gets.\n"
                                "show: what a profile comes to: capabilities, and the answer to every system call.",
                                std::move(options)));
  if (parsed.help) return 0;
  TRY(want_operands(parsed, kUsage, 1, 2));
  TRY(cli::check_form(form));
  const auto what = parsed.operands[0];
  if (what == "list") {
    TRY(want_operands(parsed, kUsage, 1, 1));
    if (permissions != Permissions{} || !ports.empty())
      return fail(ErrorKind::Usage, "--allow, --deny and -r are for 'jailctl profile show'");
    list(form);
    return 0;
  }
  if (what != "show") return fail(ErrorKind::Usage, fmt::format("profile {}: expected list or show", in_quotes(what)));
  TRY(want_operands(parsed, kUsage, 2, 2));
  const Profile chosen = TRY(parse_profile(parsed.operands[1]));
  TRY(check_permissions(permissions, chosen));
  show_policy(chosen, permissions, has_low_port(ports), form);
  return 0;
}

} // namespace jailctl
