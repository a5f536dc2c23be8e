#include "secmodel/bpf.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jails::bpf {

// The kernel reads as much of the union as `size` says and expects the rest of what it knows to be absent or zero.
static long call(enum bpf_cmd command, bpf_attr &attr) { return syscall(SYS_bpf, command, &attr, sizeof(attr)); }

static bpf_attr no_attr() {
  bpf_attr attr;
  memset(&attr, 0, sizeof(attr)); // = {} clears the first member of a union only
  return attr;
}

static uint64_t address(const void *pointer) { return reinterpret_cast<uintptr_t>(pointer); }

Result<Fd> open_pinned(const std::string &path) {
  bpf_attr attr = no_attr();
  attr.pathname = address(path.c_str());
  const long fd = call(BPF_OBJ_GET, attr);
  if (fd < 0) return fail_errno(path);
  return Fd(static_cast<int>(fd));
}

Status pin(const Fd &object, const std::string &path) {
  bpf_attr attr = no_attr();
  attr.pathname = address(path.c_str());
  attr.bpf_fd = static_cast<uint32_t>(object.get());
  if (call(BPF_OBJ_PIN, attr) < 0) return fail_errno(path);
  return {};
}

Status detach(const Fd &link) {
  bpf_attr attr = no_attr();
  attr.link_detach.link_fd = static_cast<uint32_t>(link.get());
  if (call(BPF_LINK_DETACH, attr) < 0) return fail_errno("link");
  return {};
}

Status replace_program(const Fd &link, int program) {
  bpf_attr attr = no_attr();
  attr.link_update.link_fd = static_cast<uint32_t>(link.get());
  attr.link_update.new_prog_fd = static_cast<uint32_t>(program);
  if (call(BPF_LINK_UPDATE, attr) < 0) return fail_errno("replacing a program");
  return {};
}

Result<Fd> attach_cgroup(const Fd &program, int cgroup, uint32_t type) {
  bpf_attr attr = no_attr();
  attr.link_create.prog_fd = static_cast<uint32_t>(program.get());
  attr.link_create.target_fd = static_cast<uint32_t>(cgroup);
  attr.link_create.attach_type = type;
  const long fd = call(BPF_LINK_CREATE, attr);
  if (fd < 0) return fail_errno("attaching to the jail's cgroup");
  return Fd(static_cast<int>(fd));
}

Result<Fd> start_iterator(const Fd &link) {
  bpf_attr attr = no_attr();
  attr.iter_create.link_fd = static_cast<uint32_t>(link.get());
  const long fd = call(BPF_ITER_CREATE, attr);
  if (fd < 0) return fail_errno("task iterator");
  return Fd(static_cast<int>(fd));
}

template <class Info> static Result<Info> info_of(const Fd &object, std::string_view what) {
  Info info;
  memset(&info, 0, sizeof(info));
  bpf_attr attr = no_attr();
  attr.info.bpf_fd = static_cast<uint32_t>(object.get());
  attr.info.info_len = sizeof(info);
  attr.info.info = address(&info);
  if (call(BPF_OBJ_GET_INFO_BY_FD, attr) < 0) return fail_errno(what);
  return info;
}

Result<MapInfo> map_info(const Fd &map) {
  const auto info = TRY(info_of<bpf_map_info>(map, "map"));
  return MapInfo{.key_size = info.key_size, .value_size = info.value_size, .max_entries = info.max_entries};
}

Result<int> PinnedMap::fd() const {
  if (fd_) return fd_.get();
  Fd map = TRY_IN("secmodel_jail", open_pinned(path_));
  const MapInfo info = TRY_IN("secmodel_jail: " + path_, map_info(map));
  if (info.key_size != key_size_ || info.value_size != value_size_)
    return fail(ErrorKind::Unsupported, "secmodel_jail: table " + path_ + " has another layout");
  fd_ = std::move(map);
  return fd_.get();
}

Result<LinkInfo> link_info(const Fd &link) {
  const auto info = TRY(info_of<bpf_link_info>(link, "link"));
  LinkInfo out{.id = info.id, .program_id = info.prog_id};
  if (info.type == BPF_LINK_TYPE_CGROUP) out.cgroup_id = info.cgroup.cgroup_id;
  return out;
}

Result<bool> lookup(int map, const void *key, void *value) {
  bpf_attr attr = no_attr();
  attr.map_fd = static_cast<uint32_t>(map);
  attr.key = address(key);
  attr.value = address(value);
  if (call(BPF_MAP_LOOKUP_ELEM, attr) == 0) return true;
  if (errno == ENOENT) return false;
  return fail_errno("reading a table");
}

Status update(int map, const void *key, const void *value, uint64_t flags) {
  bpf_attr attr = no_attr();
  attr.map_fd = static_cast<uint32_t>(map);
  attr.key = address(key);
  attr.value = address(value);
  attr.flags = flags;
  if (call(BPF_MAP_UPDATE_ELEM, attr) < 0) return fail_errno("writing a table");
  return {};
}

Result<bool> erase(int map, const void *key) {
  bpf_attr attr = no_attr();
  attr.map_fd = static_cast<uint32_t>(map);
  attr.key = address(key);
  if (call(BPF_MAP_DELETE_ELEM, attr) == 0) return true;
  if (errno == ENOENT) return false;
  return fail_errno("removing from a table");
}

namespace {

void grow(std::unique_ptr<unsigned char[]> &bytes, size_t used, size_t size) {
  auto more = std::make_unique_for_overwrite<unsigned char[]>(size);
  if (used != 0) memcpy(more.get(), bytes.get(), used);
  bytes = std::move(more);
}

} // namespace

Result<Rows> read_all(int map, size_t key_size, size_t value_size) {
  Rows rows;
  size_t room = 0, step = 64;
  uint64_t token = 0; // a hash table's is four bytes, an array's is a key
  bool first = true;
  while (true) {
    if (room < rows.count + step) {
      room = std::max(2 * room, rows.count + step);
      grow(rows.keys, rows.count * key_size, room * key_size);
      grow(rows.values, rows.count * value_size, room * value_size);
    }
    bpf_attr attr = no_attr();
    uint64_t next = 0;
    attr.batch.map_fd = static_cast<uint32_t>(map);
    attr.batch.in_batch = first ? 0 : address(&token);
    attr.batch.out_batch = address(&next);
    attr.batch.keys = address(rows.keys.get() + rows.count * key_size);
    attr.batch.values = address(rows.values.get() + rows.count * value_size);
    attr.batch.count = static_cast<uint32_t>(step);
    const long done = call(BPF_MAP_LOOKUP_BATCH, attr);
    if (done < 0 && errno == ENOSPC) { // one bucket of the hash table holds more than `step` rows
      step *= 2;
      continue;
    }
    if (done < 0 && errno != ENOENT) return fail_errno("reading a table");
    rows.count += attr.batch.count;
    if (done < 0) return rows; // ENOENT: that was the end
    token = next;
    first = false;
  }
}

} // namespace jails::bpf
