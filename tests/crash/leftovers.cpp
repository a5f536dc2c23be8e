// What there is of an instance on this machine, a line each, sorted: a test compares before with after. Processes come
// without their numbers, tables as the count of their rows.
//
//   leftovers INSTANCE          places, cgroups, pins, rows, mounts, sockets, processes
//   leftovers --loose INSTANCE  only processes in jails that nobody supervises, or that run without a filter
#include "base/text.h"
#include "cgroup/hierarchy.h"
#include "model/instance.h"
#include "secmodel/bpf.h"
#include "sys/file.h"
#include "sys/lock.h"

#include "abi/secmodel_jail.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using namespace jails;
namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

std::string content(const std::string &path) { return sys::read_file(path, 64U << 20U).value_or(""); }

// Whatever goes away while it is looked at was not left over.
void walk(const std::string &top, const std::function<void(const fs::directory_entry &)> &f) {
  std::error_code error;
  fs::recursive_directory_iterator at(top, fs::directory_options::skip_permission_denied, error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) f(*at);
}

void files(Lines &out, const std::string &top) {
  std::error_code error;
  if (fs::exists(top, error)) out.push_back("file " + top);
  walk(top, [&](const fs::directory_entry &entry) {
    const std::string path = entry.path();
    // The content of a root is not ours.
    if (path.find("/root/") == path.npos) out.push_back("file " + path);
  });
}

void tables(Lines &out, const Instance &instance) {
  for (const char *name : {"jails", "members", "ports", "denied", "grants", "denied_calls", "ledger"}) {
    const auto map = bpf::open_pinned(instance.bpffs_dir() + "/" + name);
    const auto info = map ? bpf::map_info(*map) : std::unexpected(map.error());
    if (!info) continue;
    const auto rows = bpf::read_all(map->get(), info->key_size, info->value_size);
    out.push_back("rows " + std::string(name) + " " + (rows ? std::to_string(rows->count) : rows.error().text()));
  }
  if (const auto reserved = bpf::Map<uint32_t, uint64_t>::open(instance.bpffs_dir(), "reserved")) {
    int bits = 0;
    if (const auto rows = reserved->all())
      for (const auto &[word, value] : *rows) bits += std::popcount(value);
    out.push_back("rows reserved " + std::to_string(bits));
  }
  if (const auto settings = bpf::Map<uint32_t, sj_settings>::open(instance.bpffs_dir(), "settings")) {
    const auto row = settings->lookup(0);
    if (row && *row && (*row)->change % 2 != 0) out.emplace_back("tables: a change is under way");
  }
}

void lines_with(Lines &out, const char *what, const std::string &path, const std::string &mark) {
  const std::string text = content(path);
  for (const auto line : split(text, '\n'))
    if (line.find(mark) != line.npos) out.push_back(std::string(what) + " " + std::string(line));
}

struct Process {
  std::string comm, exe, cgroups, status;
};

std::vector<Process> processes(const std::string &mark) {
  std::vector<Process> found;
  std::error_code error;
  for (const auto &entry : fs::directory_iterator("/proc", error)) {
    const std::string pid = entry.path().filename();
    if (pid.find_first_not_of("0123456789") != pid.npos) continue;
    Process process;
    process.cgroups = content("/proc/" + pid + "/cgroup");
    if (process.cgroups.find(mark) == std::string::npos) continue;
    process.status = content("/proc/" + pid + "/status");
    if (process.status.empty() || process.status.find("\nState:\tZ") != std::string::npos) continue;
    process.comm = std::string(trim(content("/proc/" + pid + "/comm")));
    process.exe = fs::read_symlink("/proc/" + pid + "/exe", error).filename();
    found.push_back(std::move(process));
  }
  return found;
}

bool is_tool(const Process &process) {
  return process.exe == "jailctl" || process.exe == "jailmgr" || process.exe == "jail-supervisor";
}

std::string in_cgroup(const Process &process, const std::string &parent) {
  const std::string mark = ":/" + parent + "/";
  const size_t at = process.cgroups.find(mark);
  if (at == std::string::npos) return "";
  const size_t begin = at + mark.size();
  return process.cgroups.substr(begin, process.cgroups.find_first_of("/\n", begin) - begin);
}

// Before it executes the anchor a process of ours is on its way through the guards: that is no jailed program.
void loose(Lines &out, const Instance &instance) {
  for (const auto &process : processes(":/" + instance.cgroup_name() + "/")) {
    const std::string jail = in_cgroup(process, instance.cgroup_name());
    if (!sys::FileLock::held(instance.run_dir() + "/" + jail + "/supervisor.lock"))
      out.push_back("unsupervised " + jail + ": " + process.comm);
    if (!is_tool(process) && process.status.find("\nSeccomp:\t2") == std::string::npos)
      out.push_back("unguarded " + jail + ": " + process.comm);
  }
}

void everything(Lines &out, const Instance &instance, const std::string &mark) {
  for (const auto &top : {instance.run_dir(), instance.data_dir(), instance.config_dir(), instance.log_dir()})
    files(out, top);
  for (const auto &pins : {instance.bpffs_dir(), instance.bpffs_dir() + ":stage"}) files(out, pins);
  if (const auto where = cgroup::Hierarchies::discover()) {
    Lines tops{where->v2};
    for (const auto &[controller, top] : where->v1) tops.push_back(top);
    for (const auto &top : tops)
      walk(top + "/" + instance.cgroup_name(), [&](const fs::directory_entry &entry) {
        if (entry.is_directory()) out.push_back("cgroup " + std::string(entry.path()));
      });
  }
  tables(out, instance);
  lines_with(out, "mount", "/proc/1/mounts", mark);
  lines_with(out, "mount", "/proc/self/mounts", mark);
  const std::string sockets = content("/proc/net/unix");
  for (const auto line : split(sockets, '\n')) // the number of the socket differs each time
    if (line.find("/run/jail" + mark) != line.npos) out.push_back("socket " + std::string(line.substr(line.find('/'))));
  for (const auto &process : processes(mark)) {
    const std::string jail = in_cgroup(process, instance.cgroup_name());
    if (is_tool(process) || !jail.empty())
      out.push_back("process " + process.comm + (jail.empty() ? "" : " in " + jail));
  }
}

} // namespace

int main(int argc, char **argv) {
  const bool only_loose = argc == 3 && std::string_view(argv[1]) == "--loose";
  const auto instance = argc >= 2 ? Instance::named(argv[argc - 1]) : Instance::named("-");
  if (!instance || (argc != 2 && !only_loose)) {
    fprintf(stderr, "usage: leftovers [--loose] INSTANCE\n");
    return 2;
  }
  Lines out;
  if (only_loose)
    loose(out, *instance);
  else
    everything(out, *instance, "-" + instance->name());
  std::ranges::sort(out);
  for (const auto &line : out) printf("%s\n", line.c_str());
  return 0;
}
