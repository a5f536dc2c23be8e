// The cgroups of one jail: a v2 cgroup always (membership, kill), and a v1 cgroup in each hierarchy that holds a
// controller for which a limit is set (joining a v1 hierarchy costs 0.3 ms, so only those).
#pragma once

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/hierarchy.h"
#include "model/spec.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jails::cgroup {

class Group {
public:
  // Makes PARENT/NAME (fresh: one that is there and empty is removed first; one with processes is Busy) and sets the
  // limits, reading each back. parent is Instance::cgroup_name(), root the jail's (its disk is the default of I/O
  // limits). A limit whose controller is missing is an error naming both; with best effort it is left out, and
  // warnings() says so. A failure leaves no cgroup.
  static Result<Group> create(const Hierarchies &where, const std::string &parent, const JailName &name,
                              const Limits &limits, const std::string &root);
  // One that exists; NotFound otherwise.
  static Result<Group> open(const Hierarchies &where, const std::string &parent, const JailName &name);

  Group(Group &&) = default;
  Group &operator=(Group &&) = default;
  ~Group() = default; // the cgroup stays: remove() is explicit

  // From one set of limits to another while the jail runs; joins v1 hierarchies that the old ones did not need. Returns
  // warnings. On failure the old limits hold again, and the error names the limit.
  Result<std::vector<std::string>> change(const Hierarchies &where, const std::string &parent, const Limits &from,
                                          const Limits &to, const std::string &root);

  [[nodiscard]] const std::vector<std::string> &warnings() const { return warnings_; }
  // Of the jail in the v1 hierarchy with this controller ("" is v2); empty when it has none there.
  [[nodiscard]] std::string directory(std::string_view controller) const;

  [[nodiscard]] int v2() const { return v2_.get(); }
  [[nodiscard]] uint64_t id() const { return id_; } // kernfs inode: what BPF sees as the cgroup id
  // Open cgroup.procs files of the v1 cgroups, for the child to write itself into.
  [[nodiscard]] Result<std::vector<Fd>> v1_procs() const;

  [[nodiscard]] Result<std::vector<pid_t>> processes() const;
  // Members without `except`; counts nothing twice.
  [[nodiscard]] Result<size_t> count_others(pid_t except) const;
  [[nodiscard]] Result<bool> populated() const;

  // Stops all its processes where they are, or lets them go on (cgroup.freeze, Linux 5.2). Returns at once; frozen()
  // says when the last one has stopped. SIGKILL ends frozen ones too.
  [[nodiscard]] Status freeze(bool stop) const;
  [[nodiscard]] Result<bool> frozen() const;

  // SIGKILL to every process in it, forks under way included (cgroup.kill, Linux 5.14).
  [[nodiscard]] Status kill() const;
  // Waits until no process is left. Busy after timeout_ms.
  [[nodiscard]] Status wait_empty(int timeout_ms) const;
  // rmdir, v1 included; being gone already is no error.
  Status remove();

private:
  Group() = default;
  Status open_v2();
  [[nodiscard]] Status move_members(const std::vector<std::string> &controllers) const;
  [[nodiscard]] bool has_part(std::string_view controller) const;
  struct Part {
    std::string controller; // "" is v2
    std::string parent;     // directory that holds it
  };
  Fd v2_;
  uint64_t id_ = 0;
  std::string name_;
  std::vector<Part> parts_;
  std::vector<std::string> warnings_;
};

// Removes the (empty) v1 parents that Group::create made; at unload.
void remove_parents(const Hierarchies &where, const std::string &parent);

} // namespace jails::cgroup
