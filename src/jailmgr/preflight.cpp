#include "jailmgr/preflight.h"

#include "base/text.h"
#include "cli/limits.h"
#include "jailmgr/disk.h"
#include "launch/root.h"
#include "model/program_path.h"
#include "supervise/addresses.h"
#include "supervise/exec_access.h"
#include "supervise/host_run.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fmt/format.h>
#include <optional>
#include <ranges>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

// Those whose failure is the start's. Prestop and poststop run when the jail goes.
constexpr HookPoint kStartPoints[] = {HookPoint::Prestart, HookPoint::Created, HookPoint::Poststart};

// The way to a file as the jail will see it, link by link: what lies there now, with the mounts it is to have.
class Path {
public:
  explicit Path(const Spec &spec) : spec_(spec) {}

  // Its place on the host; nothing: it is not there.
  std::optional<std::string> find(std::string_view path) {
    constexpr int kMaxLinks = 40; // as path_resolution(7)
    std::vector<std::string> todo;
    push(todo, path);
    std::string at; // empty: the root
    for (int links = 0; !todo.empty();) {
      const std::string part = std::move(todo.back());
      todo.pop_back();
      if (part == "..") {
        at.resize(at.empty() ? 0 : at.rfind('/'));
        continue;
      }
      const std::string next = at + "/" + part;
      struct stat st{};
      if (lstat(place(next).c_str(), &st) != 0) {
        if (!leads_to_mount(next)) return std::nullopt;
      } else if (S_ISLNK(st.st_mode)) {
        char target[PATH_MAX];
        const ssize_t n = readlink(place(next).c_str(), target, sizeof target);
        if (n <= 0 || ++links > kMaxLinks) return std::nullopt;
        if (target[0] == '/') at.clear();
        push(todo, {target, static_cast<size_t>(n)});
        continue;
      }
      at = next;
    }
    return place(at);
  }

private:
  static void push(std::vector<std::string> &todo, std::string_view path) {
    for (const auto part : split(path, '/') | std::views::reverse)
      if (!part.empty() && part != ".") todo.emplace_back(part);
  }
  [[nodiscard]] std::string place(const std::string &path) const {
    const Bind *deepest = nullptr;
    for (const auto &bind : spec_.binds)
      if (is_at_or_below(path, bind.target) && (deepest == nullptr || deepest->target.size() <= bind.target.size()))
        deepest = &bind;
    return deepest == nullptr ? spec_.root + path : deepest->source + path.substr(deepest->target.size());
  }
  // A start makes mount points that are missing.
  [[nodiscard]] bool leads_to_mount(const std::string &path) const {
    return std::ranges::any_of(spec_.binds, [&](const auto &bind) { return is_at_or_below(bind.target, path); });
  }

  const Spec &spec_;
};

bool is_program(const Spec &spec, const std::string &path) {
  for (const char *own : {"/proc", "/sys", "/dev"})
    if (is_at_or_below(path, own)) return true; // the jail's own mounts, which are not there yet
  const auto file = Path(spec).find(path);
  struct stat st{};
  return file && stat(file->c_str(), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111U) != 0;
}

Status check_program(const Spec &spec) {
  if (spec.command.empty() || !spec.image.empty()) return {}; // an image is seen only where it is mounted
  const std::string &name = spec.command[0];
  if (name.contains('/')) {
    if (is_program(spec, name.starts_with('/') ? name : "/" + name)) return {};
    return fail(ErrorKind::NotFound, fmt::format("command {}: there is no such program in the jail", in_quotes(name)));
  }
  for (const auto directory : split(kProgramPath, ':'))
    if (is_program(spec, fmt::format("{}/{}", directory, name))) return {};
  return fail(ErrorKind::NotFound,
              fmt::format("command {}: there is no such program in the jail's {}", in_quotes(name), kProgramPath));
}

} // namespace

Status check_start(const cli::Call &call, const Store &store, const JailConfig &config) {
  TRY(cli::check_limits_of_host(call, config.spec.limits, config.spec.root));
  const Spec spec = TRY(store.spec(config));
  TRY(launch::open_root(spec.root));
  TRY(check_disk(store, config));
  TRY(store.check_ports(spec.name, spec.ports));
  TRY(supervise::check_addresses(spec.net.addresses));
  TRY(supervise::check_host_users(spec.exec_rules));
  for (const auto point : kStartPoints)
    for (const auto &words : spec.hooks.at(point))
      TRY_IN(fmt::format("hook {}", to_string(point)), supervise::check_program_file(words[0]));
  if (!spec.hooks.at(HookPoint::Prestart).empty()) return {};
  for (const auto &bind : spec.binds) TRY_IN("mount " + bind.target, launch::open_bind_source(bind));
  if (!spec.hooks.at(HookPoint::Created).empty() || !spec.hooks.at(HookPoint::Start).empty()) return {};
  return check_program(spec);
}

} // namespace jailmgr
