#include "loader/place.h"

#include "base/text.h"
#include "secmodel/bpf.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <memory>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>
#include <vector>

namespace jails::loader {

static constexpr char kBpffs[] = "/sys/fs/bpf";

// bpffs takes no name with a dot; an instance's name has no colon.
Place::Place(const Instance &instance)
    : pins(instance.bpffs_dir()), stage(pins + ":stage"), parent_name(instance.cgroup_name()) {}

Result<bool> mount_bpffs() {
  struct statfs fs{};
  if (statfs(kBpffs, &fs) != 0) return fail_errno(kBpffs);
  if (fs.f_type == BPF_FS_MAGIC) return false;
  if (mount("bpffs", kBpffs, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME, "mode=0700") != 0)
    return fail_errno(std::string("mounting ") + kBpffs);
  return true;
}

Status make_stage(const Place &place) {
  for (const char *below : {"", "/progs", "/links"}) {
    const std::string dir = place.stage + below;
    if (mkdir(dir.c_str(), 0700) != 0) return fail_errno(dir);
  }
  return {};
}

static Result<std::vector<std::string>> names_in(const std::string &dir) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR *)> stream(opendir(dir.c_str()), closedir);
  if (!stream) {
    if (errno == ENOENT) return names;
    return fail_errno(dir);
  }
  while (const dirent *entry = readdir(stream.get()))
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) names.emplace_back(entry->d_name);
  return names;
}

static Status remove_dir(const std::string &dir) {
  if (rmdir(dir.c_str()) != 0 && errno != ENOENT) return fail_errno(dir);
  return {};
}

static bool is_same_link(const Fd &link, const std::string &path) {
  const auto other = bpf::open_pinned(path);
  const auto mine = bpf::link_info(link);
  const auto theirs = other ? bpf::link_info(*other) : std::unexpected(other.error());
  return mine && theirs && mine->id == theirs->id;
}

// in_use: where the same links may be pinned as well; those only lose this name.
static Status remove_files(const std::string &dir, const std::string *in_use) {
  for (const std::string &name : TRY(names_in(dir))) {
    const std::string path = dir + "/" + name;
    if (in_use != nullptr) {
      // Only cgroup links can be detached; the others end when the kernel gets to it.
      const auto link = bpf::open_pinned(path);
      if (link && !is_same_link(*link, *in_use + "/" + name)) static_cast<void>(bpf::detach(*link));
    }
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(path);
  }
  return remove_dir(dir);
}

Result<bool> clear_stage(const Place &place) {
  if (access(place.stage.c_str(), F_OK) != 0) {
    if (errno == ENOENT) return false;
    return fail_errno(place.stage);
  }
  // Links first: no program runs on tables that are half gone.
  const std::string in_use = place.pins + "/links";
  TRY(remove_files(place.stage + "/links", &in_use));
  TRY(remove_files(place.stage + "/progs", nullptr));
  TRY(remove_files(place.stage, nullptr));
  return true;
}

Status swap_in(const Place &place) {
  if (renameat2(AT_FDCWD, place.stage.c_str(), AT_FDCWD, place.pins.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EEXIST) return fail_errno(place.pins);
  if (renameat2(AT_FDCWD, place.stage.c_str(), AT_FDCWD, place.pins.c_str(), RENAME_EXCHANGE) != 0)
    return fail_errno(place.pins);
  return {};
}

Status swap_out(const Place &place) {
  if (rename(place.pins.c_str(), place.stage.c_str()) != 0) return fail_errno(place.pins);
  return {};
}

Result<std::string> find_v2_root() {
  constexpr char kMounts[] = "/proc/self/mountinfo";
  const std::unique_ptr<FILE, int (*)(FILE *)> file(fopen(kMounts, "re"), fclose);
  if (!file) return fail_errno(kMounts);
  std::unique_ptr<char, void (*)(void *)> line(nullptr, free);
  size_t size = 0;
  char *raw = nullptr;
  std::string found;
  while (found.empty() && getline(&raw, &size, file.get()) > 0) {
    // ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAGS...] - TYPE SOURCE SUPEROPTIONS
    const auto fields = split(trim(raw), ' ');
    size_t dash = 6;
    while (dash < fields.size() && fields[dash] != "-") dash++;
    if (dash + 1 < fields.size() && fields[dash + 1] == "cgroup2" && fields[3] == "/")
      found = unescape_octal(fields[4]);
  }
  line.reset(raw);
  if (!found.empty()) return found;
  return fail(ErrorKind::Unsupported,
              "no cgroup v2 tree is mounted: mount one, like 'mount -t cgroup2 none /sys/fs/cgroup'");
}

Result<Cgroup> open_cgroup(const std::string &path) {
  Cgroup cgroup{.dir = Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), .id = 0};
  if (!cgroup.dir) return fail_errno(path);
  struct stat st{};
  if (fstat(cgroup.dir.get(), &st) != 0) return fail_errno(path);
  static_assert(sizeof(st.st_ino) == 8, "a cgroup's id is its inode number only where that has 64 bits");
  cgroup.id = st.st_ino;
  return cgroup;
}

Result<Cgroup> make_parent(const Place &place, const std::string &root) {
  const std::string path = root + "/" + place.parent_name;
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return fail_errno(path);
  return open_cgroup(path);
}

Status remove_parent(const Place &place) {
  const std::string path = TRY(find_v2_root()) + "/" + place.parent_name;
  if (rmdir(path.c_str()) == 0 || errno == ENOENT) return {};
  if (errno == EBUSY) return fail(ErrorKind::Busy, "cgroup " + path + " has members or cgroups below it", EBUSY);
  return fail_errno(path);
}

} // namespace jails::loader
