// Puts secmodel_jail into the kernel and takes it out again. Everything or nothing: programs, tables and links are made
// in a directory beside the real one, which then takes its name. All functions here are for a caller that holds the
// instance's lock, and need root.
#pragma once

#include "base/error.h"
#include "model/instance.h"

#include <cstdint>
#include <string>
#include <vector>

namespace jails {

struct LoadReport {
  bool mounted_bpffs = false;        // /sys/fs/bpf was not mounted: it is now
  bool already_loaded = false;       // everything was in place and as this build would have made it
  bool cleared = false;              // an unfinished load or unload of an earlier process was removed
  std::vector<std::string> repaired; // what was missing or old in a loaded model and was put right, a line each
  std::vector<std::string> notes;    // for the person: limits of what is guarded here, a line each
};

// Idempotent. Jails that exist are kept: programs are replaced (new attached before old is detached), never missing.
// Unsupported: this kernel does not take a program (the text names it and says why).
Result<LoadReport> load_secmodel(const Instance &instance);

// Busy "2 jails exist: db, web" while jails are registered. Nothing is loaded: NotFound. Removes the jails' parent v2
// cgroup too (Busy when it has children). /sys/fs/bpf stays mounted.
Status unload_secmodel(const Instance &instance);

struct ProgramStatus {
  std::string name;  // "root_bind4"
  std::string where; // "cgroup root", "jails", "scheduler", "tasks", "LSM"
  bool attached = false;
  std::string problem; // empty when attached
};
struct SecmodelStatus {
  bool loaded = false;      // every table, program and link is in place
  bool current = false;     // and the programs are those of this build
  bool second_line = false; // the BPF LSM programs are among them: this kernel took them
  std::vector<ProgramStatus> programs;
  std::vector<std::string> problems; // tables that are missing, a cgroup that is gone
};
// Never fails because the model is absent: then `loaded` is false.
Result<SecmodelStatus> secmodel_status(const Instance &instance);

// What this kernel takes, found by loading each program without attaching it anywhere.
struct ProgramProbe {
  std::string name; // "ports", "ingress", "egress", "devices", "sysctl", "accounting", "tasks", "pace", "sockbuf",
                    // "lsm-tasks", ...
  std::string purpose;
  bool required = true; // jails do not start without it
  bool works = false;
  std::string reason; // why not
};
std::vector<ProgramProbe> probe_secmodel();

} // namespace jails
