#include "jail/public_list.h"

#include "base/text.h"
#include "cgroup/hierarchy.h"
#include "sys/file.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jails {
namespace {

constexpr size_t kMaxList = 16U << 20U;
constexpr size_t kFields = 6;

std::string list_file(const Instance &instance) { return instance.run_dir() + "/list"; }

// Where /run outlives a reboot, a list of before it must not count.
Result<std::string> boot_id() { return sys::read_file("/proc/sys/kernel/random/boot_id", 64); }

// Names and roots hold neither tab nor newline: model/spec.cpp refuses them.
Result<PublicJail> parse_line(std::string_view line) {
  const auto fields = split(line, '\t');
  if (fields.size() != kFields) return fail(ErrorKind::Malformed, "not a list of jails");
  const auto jid = parse_int<Jid>(fields[0]);
  const auto created = parse_int<uint64_t>(fields[3]);
  if (!jid || !created) return fail(ErrorKind::Malformed, "not a list of jails");
  PublicJail jail;
  jail.row.jid = *jid;
  jail.row.name = fields[1];
  jail.row.profile = TRY(parse_profile(fields[2]));
  jail.row.created_ns = *created;
  if (!fields[4].empty()) TRY(add_ports(jail.row.ports, fields[4]));
  jail.row.root = fields[5];
  return jail;
}

} // namespace

Status make_run_dir(const Instance &instance) {
  TRY(sys::make_dir(instance.run_dir(), 0711));
  struct stat st{};
  if (stat(instance.run_dir().c_str(), &st) != 0) return fail_errno(instance.run_dir());
  // An older version made it 0700.
  if ((st.st_mode & 07777U) != 0711 && chmod(instance.run_dir().c_str(), 0711) != 0)
    return fail_errno(instance.run_dir());
  return {};
}

Status publish_list(const Instance &instance, const Tables &tables) {
  std::string text = TRY(boot_id());
  for (const JailRow &row : TRY(tables.list()))
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", row.jid, row.name, to_string(row.profile), row.created_ns,
                        to_string(row.ports), row.root);
  return sys::replace_file(list_file(instance), text, 0644);
}

void withdraw_list(const Instance &instance) { unlink(list_file(instance).c_str()); }

Result<std::vector<PublicJail>> read_public_list(const Instance &instance) {
  std::vector<PublicJail> jails;
  const auto text = sys::read_file(list_file(instance), kMaxList);
  if (!text && text.error().sys_errno() == ENOENT) return jails;
  if (!text) return std::unexpected(text.error());
  const std::string boot = TRY(boot_id());
  if (!text->starts_with(boot)) return jails;
  const auto where = TRY(cgroup::Hierarchies::discover());
  for (const auto line : split(std::string_view(*text).substr(boot.size()), '\n')) {
    if (line.empty()) continue;
    PublicJail jail = TRY_IN(list_file(instance), parse_line(line));
    const auto members =
        sys::read_file(fmt::format("{}/{}/{}/cgroup.procs", where.v2, instance.cgroup_name(), jail.row.name), kMaxList);
    if (members) jail.references = static_cast<uint64_t>(std::ranges::count(*members, '\n')); // none: it is down
    jails.push_back(std::move(jail));
  }
  return jails;
}

} // namespace jails
