// bpf(2), as little of it as the tables need, without libbpf: the small static programs link this.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace jails::bpf {

// The object pinned at `path` (map, program or link). NotFound when there is none.
Result<Fd> open_pinned(const std::string &path);
Status pin(const Fd &object, const std::string &path);

// Detaches a cgroup link at once: the last unpinning does so only after a while (bpf_link_put() in the kernel defers
// it). Unsupported for other kinds of links.
Status detach(const Fd &link);

// Another program in the place of the one that hangs there, in one step: each event meets one of the two. Cgroup links
// and iterators (Linux 5.7).
Status replace_program(const Fd &link, int program);

// Attaches a program to a v2 cgroup beside others that are there; detached when the link is closed. type:
// BPF_CGROUP_* of enum bpf_attach_type.
Result<Fd> attach_cgroup(const Fd &program, int cgroup, uint32_t type);

// A new run of the pinned iterator `link`, to be read to its end.
Result<Fd> start_iterator(const Fd &link);

struct MapInfo {
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  uint32_t max_entries = 0;
};
Result<MapInfo> map_info(const Fd &map);

struct LinkInfo {
  uint32_t id = 0;
  uint32_t program_id = 0;
  uint64_t cgroup_id = 0; // cgroup links only; 0 once that cgroup is gone
};
Result<LinkInfo> link_info(const Fd &link);

// Untyped map operations; the templates below are the way in.
Result<bool> lookup(int map, const void *key, void *value); // false: no such key
Status update(int map, const void *key, const void *value, uint64_t flags);
Result<bool> erase(int map, const void *key); // false: no such key
// Not initialised beyond `count` rows: a row of "jails" is four kilobytes, and room for a page is paid when it is
// touched.
struct Rows {
  std::unique_ptr<unsigned char[]> keys, values;
  size_t count = 0;
};
Result<Rows> read_all(int map, size_t key_size, size_t value_size);

enum class Put : uint64_t { Any = 0, New = 1, Present = 2 }; // BPF_ANY, BPF_NOEXIST, BPF_EXIST

// A pinned table, opened when it is first used: a start needs four of them, and each costs two calls and a close.
class PinnedMap {
public:
  PinnedMap() = default;
  PinnedMap(std::string dir, std::string_view name, size_t key_size, size_t value_size)
      : path_(std::move(dir)), key_size_(key_size), value_size_(value_size) {
    path_.append("/").append(name);
  }
  // NotFound when it is not there; Unsupported when its layout is another.
  [[nodiscard]] Result<int> fd() const;

private:
  std::string path_;
  size_t key_size_ = 0, value_size_ = 0;
  mutable Fd fd_;
};

// What a model that an older program has loaded does not have yet.
template <class T> Result<T> unless_missing(Result<T> read, T otherwise = {}) {
  if (!read && read.error().kind() == ErrorKind::NotFound) return otherwise;
  return read;
}

// A hash or array of the kernel side with keys K and values V.
template <class K, class V> class Map {
  static_assert(std::is_trivially_copyable_v<K> && std::is_trivially_copyable_v<V>);

public:
  Map() = default;
  // DIR/NAME. Errors of every function: as PinnedMap::fd(), and those of bpf(2).
  Map(const std::string &dir, std::string_view name) : map_(dir, name, sizeof(K), sizeof(V)) {}
  static Result<Map> open(const std::string &dir, std::string_view name) {
    Map map(dir, name);
    TRY(map.map_.fd());
    return map;
  }

  [[nodiscard]] Result<std::optional<V>> lookup(const K &key) const {
    V value;
    if (!TRY(bpf::lookup(TRY(map_.fd()), &key, &value))) return std::nullopt;
    return value;
  }
  [[nodiscard]] Status update(const K &key, const V &value, Put put = Put::Any) const {
    return bpf::update(TRY(map_.fd()), &key, &value, std::to_underlying(put));
  }
  [[nodiscard]] Result<bool> erase(const K &key) const { return bpf::erase(TRY(map_.fd()), &key); }

  // Every row. A row that another process changes meanwhile may be missing or come twice.
  [[nodiscard]] Result<std::vector<std::pair<K, V>>> all() const {
    const Rows raw = TRY(read_all(TRY(map_.fd()), sizeof(K), sizeof(V)));
    std::vector<std::pair<K, V>> rows(raw.count);
    for (size_t i = 0; i < raw.count; i++) {
      __builtin_memcpy(&rows[i].first, raw.keys.get() + i * sizeof(K), sizeof(K));
      __builtin_memcpy(&rows[i].second, raw.values.get() + i * sizeof(V), sizeof(V));
    }
    return rows;
  }

private:
  PinnedMap map_;
};

// A table in which each possible CPU has its own value of a row.
template <class K, class V> class PerCpuMap {
  static_assert(std::is_trivially_copyable_v<K> && std::is_trivially_copyable_v<V>);
  static_assert(sizeof(V) % 8 == 0, "the kernel rounds each CPU's value up to eight bytes");

public:
  PerCpuMap() = default;
  // `cpus`: the number of possible CPUs (sj_settings).
  PerCpuMap(const std::string &dir, std::string_view name, size_t cpus)
      : map_(dir, name, sizeof(K), sizeof(V)), cpus_(cpus) {}

  // Empty: no such row.
  [[nodiscard]] Result<std::vector<V>> lookup(const K &key) const {
    std::vector<V> values(cpus_);
    if (!TRY(bpf::lookup(TRY(map_.fd()), &key, values.data()))) values.clear();
    return values;
  }
  [[nodiscard]] Status put_zero(const K &key, Put put = Put::Any) const {
    const std::vector<V> values(cpus_);
    return bpf::update(TRY(map_.fd()), &key, values.data(), std::to_underlying(put));
  }
  [[nodiscard]] Result<bool> erase(const K &key) const { return bpf::erase(TRY(map_.fd()), &key); }
  [[nodiscard]] Result<std::vector<std::pair<K, std::vector<V>>>> all() const {
    const size_t size = cpus_ * sizeof(V);
    const Rows raw = TRY(read_all(TRY(map_.fd()), sizeof(K), size));
    std::vector<std::pair<K, std::vector<V>>> rows(raw.count);
    for (size_t i = 0; i < raw.count; i++) {
      __builtin_memcpy(&rows[i].first, raw.keys.get() + i * sizeof(K), sizeof(K));
      rows[i].second.resize(cpus_);
      __builtin_memcpy(rows[i].second.data(), raw.values.get() + i * size, size);
    }
    return rows;
  }

private:
  PinnedMap map_;
  size_t cpus_ = 0;
};

} // namespace jails::bpf
