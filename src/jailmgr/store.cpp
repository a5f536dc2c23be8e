#include "jailmgr/store.h"

#include "base/text.h"
#include "config/file.h"
#include "jail/registry.h"
#include "jailmgr/mounts.h"
#include "jailmgr/renaming.h"
#include "sys/file.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

constexpr std::string_view kCreating = ".create-", kDestroying = ".destroy-";
constexpr std::string_view kRemoving = ".remove-"; // of versions that could not remove a deep tree in its place
constexpr std::string_view kMoving = ".rename-";   // .rename-NEW: a link whose text is the old name

std::string move_mark(const JailName &to) { return std::string(kMoving) + to.str(); }

Status check_overlap(std::string_view owner, std::span<const PortReservation> theirs,
                     std::span<const PortReservation> ours) {
  for (const auto &port : ours)
    for (const auto &other : theirs)
      if (overlap(port, other))
        return fail(ErrorKind::Exists, fmt::format("port {} is reserved by jail {}", to_string(port), owner));
  return {};
}

bool is_leftover(std::string_view entry) {
  return entry.starts_with(kCreating) || entry.starts_with(kDestroying) || entry.starts_with(kRemoving);
}

Status remove_leftover(int jails, const std::string &entry, const std::string &path) {
  const Fd dir(openat(jails, entry.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!dir || flock(dir.get(), LOCK_EX | LOCK_NB) != 0) return {}; // somebody is at work on it
  TRY(check_no_mounts(path, path));
  TRY_IN(path, sys::remove_tree(jails, entry));
  return {};
}

} // namespace

Result<Store> Store::open(const Instance &instance) {
  const std::string path = instance.data_dir() + "/jails";
  Fd jails(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!jails && errno == ENOENT)
    return fail(ErrorKind::NotFound, fmt::format("{} is not there: run 'jailmgr bootstrap' first", path), ENOENT);
  if (!jails) return fail_errno(path);
  return Store(instance, std::move(jails));
}

Result<sys::FileLock> Store::lock() const { return sys::FileLock::acquire(instance_->data_dir() + "/lock"); }

Result<std::vector<JailName>> Store::names() const {
  std::vector<JailName> names;
  for (const auto &entry : TRY_IN(jails_dir(), sys::names_in(jails_.get())))
    if (auto name = JailName::parse(entry)) names.push_back(std::move(*name));
  std::ranges::sort(names);
  return names;
}

bool Store::contains(const JailName &name) const {
  struct stat st{};
  return fstatat(jails_.get(), name.str().c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

Result<std::vector<JailName>> Store::declared() const {
  constexpr std::string_view kSuffix = ".toml";
  const Fd dir(::open(declaration_dir().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir && errno == ENOENT) return std::vector<JailName>();
  if (!dir) return fail_errno(declaration_dir());
  std::vector<JailName> names;
  for (const auto &entry : TRY_IN(declaration_dir(), sys::names_in(dir.get()))) {
    if (entry.starts_with('.') || !entry.ends_with(kSuffix)) continue; // an editor's copies, a README
    names.push_back(TRY_IN(declaration_dir() + "/" + printable(entry),
                           JailName::parse(entry.substr(0, entry.size() - kSuffix.size()))));
  }
  std::ranges::sort(names);
  return names;
}

Result<std::vector<JailName>> Store::all_names() const {
  auto all = TRY(names());
  std::ranges::move(TRY(declared()), std::back_inserter(all));
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

Result<std::string> Store::config_file(const JailName &name) const {
  const std::string ours = own_file(name);
  const std::string theirs = declaration(name);
  const bool have_ours = access(ours.c_str(), F_OK) == 0;
  const bool have_theirs = access(theirs.c_str(), F_OK) == 0;
  if (have_ours && have_theirs)
    return fail(ErrorKind::Exists,
                fmt::format("jail {} has two configurations, {} and {}: remove one of them", name.str(), theirs, ours));
  if (have_ours || have_theirs) return have_ours ? ours : theirs;
  return fail(ErrorKind::NotFound,
              contains(name) ? fmt::format("jail {} has no configuration any more: neither {} nor {} is there",
                                           name.str(), theirs, ours)
                             : fmt::format("there is no jail named '{}'", name.str()));
}

bool Store::is_orphan(const JailName &name) const {
  const auto gone = [](const std::string &file) { return access(file.c_str(), F_OK) != 0 && errno == ENOENT; };
  return contains(name) && gone(own_file(name)) && gone(declaration(name));
}

Result<Common> Store::common() const {
  if (!common_) common_ = TRY(load_common(instance_->config_dir()));
  return *common_;
}

Status Store::require(const JailName &name) const {
  if (contains(name)) return {};
  if (access(declaration(name).c_str(), F_OK) == 0)
    return fail(ErrorKind::NotFound, fmt::format("jail {} is declared in {} and not made yet: 'jailmgr up {}' makes it",
                                                 name.str(), declaration(name), name.str()));
  return fail(ErrorKind::NotFound, fmt::format("there is no jail named '{}'", name.str()));
}

Result<JailConfig> Store::load(const JailName &name) const {
  const auto file = TRY(config_file(name));
  return load_jail(file, name, default_root(name), TRY(common()));
}

Result<Spec> Store::spec(const JailConfig &config) const {
  Spec spec = config.spec;
  if (config.root_kind == RootKind::Plain) return spec;
  if (const auto image = image_file(spec.name); access(image.c_str(), F_OK) == 0) spec.image = image;
  if (config.root_kind != RootKind::Thin) return spec;
  const std::string usr = base_dir(config.base) + "/usr";
  char target[PATH_MAX];
  const ssize_t n = readlink(usr.c_str(), target, sizeof target);
  if (n < 0 && errno == ENOENT)
    return fail(ErrorKind::NotFound, fmt::format("there is no base '{}' ({}); 'jailmgr bootstrap' makes 'host'",
                                                 config.base, base_dir(config.base)));
  if (n < 0 && errno != EINVAL) return fail_errno(usr);
  const std::string source = n < 0 ? usr : std::string(target, static_cast<size_t>(n));
  spec.binds.insert(spec.binds.begin(), {source, "/usr", true});
  TRY_IN("with the base's /usr", validate(spec));
  return spec;
}

Status Store::check_ports(const JailName &name, std::span<const PortReservation> ports) const {
  if (ports.empty()) return {};
  for (const auto &other : TRY(all_names())) {
    if (other == name) continue;
    const auto config = load(other);
    if (config)
      TRY(check_overlap(other.str(), config->spec.ports, ports)); // unreadable: the kernel's table decides at start
  }
  const auto rows = list_jails(*instance_);
  if (!rows && rows.error().kind() == ErrorKind::NotFound) return {}; // not loaded: nobody has a port
  if (!rows) return std::unexpected(rows.error());
  for (const auto &row : *rows)
    if (row.name != name.str()) TRY(check_overlap(row.name, row.ports, ports));
  return {};
}

Status Store::clean() const {
  const auto entries = TRY_IN(jails_dir(), sys::names_in(jails_.get()));
  for (const auto &entry : entries) {
    if (!entry.starts_with(kMoving)) continue;
    if (const auto to = JailName::parse(entry.substr(kMoving.size()))) finish_killed_rename(*instance_, *this, *to);
  }
  // Its maker has locked any draft among them by the time that we had this; not kept, for a large tree takes a while.
  TRY(lock());
  for (const auto &entry : entries) {
    if (!is_leftover(entry)) continue;
    const Status removed = remove_leftover(jails_.get(), entry, jails_dir() + "/" + entry);
    if (!removed) fmt::print(stderr, "jailmgr: warning: left over: {}\n", removed.error().text());
  }
  return {};
}

Status Store::require_free(const JailName &name) const {
  if (contains(name)) return fail(ErrorKind::Exists, fmt::format("jail {} exists already", name.str()));
  if (access(declaration(name).c_str(), F_OK) == 0)
    return fail(ErrorKind::Exists, fmt::format("jail {} is declared in {}", name.str(), declaration(name)));
  return {};
}

Status Store::move(const JailName &from, const JailName &to) const {
  const auto held = TRY(lock());
  const std::string mark = move_mark(to);
  end_move(to); // of one that was killed before it moved anything
  if (symlinkat(from.str().c_str(), jails_.get(), mark.c_str()) != 0 || fsync(jails_.get()) != 0)
    return fail_errno(jails_dir() + "/" + mark);
  if (renameat2(jails_.get(), from.str().c_str(), jails_.get(), to.str().c_str(), RENAME_NOREPLACE) != 0) {
    const int error = errno;
    end_move(to);
    return fail_errno(jail_dir(to), error);
  }
  if (fsync(jails_.get()) != 0) return fail_errno(jails_dir());
  return {};
}

std::optional<JailName> Store::moved_from(const JailName &to) const {
  char text[NAME_MAX + 1];
  const ssize_t n = readlinkat(jails_.get(), move_mark(to).c_str(), text, sizeof text);
  if (n <= 0) return std::nullopt;
  auto from = JailName::parse(std::string_view(text, static_cast<size_t>(n)));
  return from ? std::optional(std::move(*from)) : std::nullopt;
}

void Store::end_move(const JailName &to) const { unlinkat(jails_.get(), move_mark(to).c_str(), 0); }

Result<Store::Draft> Store::draft(const JailName &name) const {
  const auto held = TRY(lock()); // clean() must not see it before it is locked
  std::string entry = fmt::format("{}{}-{}", kCreating, name.str(), getpid());
  if (mkdirat(jails_.get(), entry.c_str(), 0700) != 0) return fail_errno(jails_dir() + "/" + entry);
  Fd alive(openat(jails_.get(), entry.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!alive || flock(alive.get(), LOCK_EX | LOCK_NB) != 0) return fail_errno(jails_dir() + "/" + entry);
  return Draft(std::move(alive), jails_dir(), std::move(entry));
}

Status Store::remove(const JailName &name) const {
  const std::string entry = fmt::format("{}{}-{}", kDestroying, name.str(), getpid());
  const Fd dir(openat(jails_.get(), name.str().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!dir || flock(dir.get(), LOCK_EX | LOCK_NB) != 0) return fail_errno(jail_dir(name));
  if (renameat(jails_.get(), name.str().c_str(), jails_.get(), entry.c_str()) != 0) return fail_errno(jail_dir(name));
  TRY_IN(jails_dir() + "/" + entry, sys::remove_tree(jails_.get(), entry));
  return {};
}

Store::Draft::Draft(Fd alive, std::string jails_dir, std::string entry)
    : alive_(std::move(alive)), jails_dir_(std::move(jails_dir)), entry_(std::move(entry)) {}

Store::Draft::Draft(Draft &&other) noexcept
    : alive_(std::move(other.alive_)), jails_dir_(std::move(other.jails_dir_)),
      entry_(std::exchange(other.entry_, {})) {}

Store::Draft::~Draft() {
  if (entry_.empty()) return;
  const Fd jails(::open(jails_dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (jails) (void)sys::remove_tree(jails.get(), entry_); // what stays, clean() finds
}

Status Store::Draft::commit(const Store &store, const JailName &name) {
  const auto held = TRY(store.lock());
  if (fsync(alive_.get()) != 0) return fail_errno(path());
  if (renameat2(store.jails_.get(), entry_.c_str(), store.jails_.get(), name.str().c_str(), RENAME_NOREPLACE) != 0)
    return fail_errno(store.jail_dir(name));
  entry_.clear();
  if (fsync(store.jails_.get()) != 0) return fail_errno(jails_dir_);
  return {};
}

} // namespace jailmgr
