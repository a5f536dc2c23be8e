// The compiled programs of secmodel_jail and what is needed to put one into the kernel. The only files that know
// libbpf.
#pragma once

#include "base/error.h"
#include "base/fd.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct bpf_object;

namespace jails::loader {

enum class Hook { Root, Parent, Scheduler, Tasks, Jail, Lsm }; // Jail: only pinned, for jails that ask for it
std::string_view to_string(Hook hook);

struct Program {
  std::string_view name;
  Hook hook;
};

// One object file: the programs of one concern.
struct Concern {
  std::string_view name;
  std::string_view purpose;
  std::span<const Program> programs;
  std::string_view (*bytes)();
  bool second_line = false; // of BPF LSM programs: all of these are loaded where the kernel takes them, or none
};
std::span<const Concern> concerns();
std::span<const std::string_view> table_names();
std::span<const std::string_view> second_line_tables(); // there only where that is loaded

// Changes when any program does.
uint64_t programs_hash();

struct ObjectCloser {
  void operator()(bpf_object *object) const;
};
using Object = std::unique_ptr<bpf_object, ObjectCloser>;

// Loads the object's programs. pin_dir: its tables are taken from there, or made and pinned there; empty: tables of its
// own, pinned nowhere. Unsupported: the text says which program and why.
Result<Object> load_object(const Concern &concern, const std::string &pin_dir);

// Attaches one program of a loaded object and pins it as DIR/progs/NAME and its link as DIR/links/NAME. cgroup: a
// descriptor of the cgroup directory for the hooks Root and Parent. before: the link on that cgroup, if there is one:
// it is kept, and pinned there too, and executes the new program from now on.
Status attach_program(const Object &object, const Program &program, int cgroup, const std::string &dir,
                      const Fd *before = nullptr);

Result<uint32_t> possible_cpus(); // values in a row of a per-CPU table

// Level of a v2 cgroup in the whole tree (0: the root), by a program that is run once.
Result<uint32_t> cgroup_level(uint64_t cgroup_id);

} // namespace jails::loader
