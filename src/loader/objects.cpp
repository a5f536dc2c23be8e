#include "loader/objects.h"

#include "base/text.h"
#include "secmodel/bpf.h"

#include <accounting.skel.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstdio>
#include <devices.skel.h>
#include <egress.skel.h>
#include <ingress.skel.h>
#include <level.skel.h>
#include <lsm_files.skel.h>
#include <lsm_sockets.skel.h>
#include <lsm_tasks.skel.h>
#include <pace.skel.h>
#include <ports.skel.h>
#include <sockbuf.skel.h>
#include <sysctl.skel.h>
#include <tasks.skel.h>

namespace jails::loader {

template <class Skeleton> static std::string_view bytes_of() {
  size_t size = 0;
  const void *bytes = Skeleton::elf_bytes(&size);
  return {static_cast<const char *>(bytes), size};
}

static constexpr Program kPorts[] = {{"root_bind4", Hook::Root},      {"root_bind6", Hook::Root},
                                     {"root_post_bind4", Hook::Root}, {"root_post_bind6", Hook::Root},
                                     {"jail_bind4", Hook::Parent},    {"jail_bind6", Hook::Parent}};
static constexpr Program kIngress[] = {{"jail_ingress", Hook::Parent}};
static constexpr Program kEgress[] = {{"jail_connect4", Hook::Parent},
                                      {"jail_connect6", Hook::Parent},
                                      {"jail_sendmsg4", Hook::Parent},
                                      {"jail_sendmsg6", Hook::Parent},
                                      {"jail_egress", Hook::Parent}};
static constexpr Program kDevices[] = {{"jail_device", Hook::Parent}};
static constexpr Program kSysctl[] = {{"jail_sysctl", Hook::Parent}};
static constexpr Program kAccounting[] = {{"account", Hook::Scheduler}};
static constexpr Program kTasks[] = {{"tasks", Hook::Tasks}};

static constexpr Program kPace[] = {{"pace_out", Hook::Jail}, {"pace_in", Hook::Jail}, {"pace_connection", Hook::Jail}};

static constexpr Program kSockbuf[] = {
    {"sockbuf_create", Hook::Jail},   {"sockbuf_option", Hook::Jail},   {"sockbuf_bind4", Hook::Jail},
    {"sockbuf_bind6", Hook::Jail},    {"sockbuf_connect4", Hook::Jail}, {"sockbuf_connect6", Hook::Jail},
    {"sockbuf_sendmsg4", Hook::Jail}, {"sockbuf_sendmsg6", Hook::Jail}, {"sockbuf_tcp", Hook::Jail}};

static constexpr Program kLsmTasks[] = {{"lsm_kill", Hook::Lsm},      {"lsm_ptrace", Hook::Lsm},
                                        {"lsm_traceme", Hook::Lsm},   {"lsm_setrlimit", Hook::Lsm},
                                        {"lsm_setnice", Hook::Lsm},   {"lsm_setscheduler", Hook::Lsm},
                                        {"lsm_setioprio", Hook::Lsm}, {"lsm_movememory", Hook::Lsm}};
static constexpr Program kLsmSockets[] = {{"lsm_bind", Hook::Lsm}, {"lsm_listen", Hook::Lsm}};
static constexpr Program kLsmFiles[] = {{"lsm_file_alloc", Hook::Lsm}, {"lsm_file_free", Hook::Lsm}};

static constexpr Concern kConcerns[] = {
    {"ports", "port ownership at bind", kPorts, bytes_of<sj_ports>},
    {"ingress", "no connections to ports that a jail does not own", kIngress, bytes_of<sj_ingress>},
    {"egress", "no calls to services of the host without permission", kEgress, bytes_of<sj_egress>},
    {"devices", "devices a jail may open", kDevices, bytes_of<sj_devices>},
    {"sysctl", "no sysctl writes from a jail", kSysctl, bytes_of<sj_sysctl>},
    {"accounting", "CPU time by jail", kAccounting, bytes_of<sj_accounting>},
    {"tasks", "processes by jail", kTasks, bytes_of<sj_tasks>},
    {"pace", "network rates of a jail", kPace, bytes_of<sj_pace>},
    {"sockbuf", "socket buffers of a jail, each", kSockbuf, bytes_of<sj_sockbuf>},
    {"lsm-tasks", "no power of unprivileged host users over a jail", kLsmTasks, bytes_of<sj_lsm_tasks>, true},
    {"lsm-sockets", "listen and abstract names are refused at the call", kLsmSockets, bytes_of<sj_lsm_sockets>, true},
    {"lsm-files", "open files of the whole jail", kLsmFiles, bytes_of<sj_lsm_files>, true},
};

static constexpr std::string_view kTables[] = {"jails", "members",      "ports",           "reserved", "settings",
                                               "cpu",   "running",      "denied",          "pace",     "grants",
                                               "peers", "denied_calls", "denied_landlock", "ledger",   "sockbuf"};

static constexpr std::string_view kSecondLineTables[] = {"open_files"};

std::span<const Concern> concerns() { return kConcerns; }
std::span<const std::string_view> table_names() { return kTables; }
std::span<const std::string_view> second_line_tables() { return kSecondLineTables; }

std::string_view to_string(Hook hook) {
  switch (hook) {
  case Hook::Root: return "cgroup root";
  case Hook::Parent: return "jails";
  case Hook::Scheduler: return "scheduler";
  case Hook::Tasks: return "tasks";
  case Hook::Jail: return "each jail";
  case Hook::Lsm: return "LSM";
  }
  std::unreachable();
}

uint64_t programs_hash() {
  uint64_t hash = 0xcbf29ce484222325; // FNV-1a
  for (const Concern &concern : kConcerns)
    for (const char byte : concern.bytes()) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

void ObjectCloser::operator()(bpf_object *object) const { bpf_object__close(object); }

namespace {

// While it lives, what libbpf has to say is kept instead of printed. libbpf's hook has no argument for a context.
class LogCapture {
public:
  LogCapture() : old_(libbpf_set_print(take)) { text_.clear(); }
  LogCapture(const LogCapture &) = delete;
  LogCapture &operator=(const LogCapture &) = delete;
  ~LogCapture() { libbpf_set_print(old_); }

  // What explains a failure: the verifier's last word, else libbpf's first.
  [[nodiscard]] static std::string reason() {
    std::string_view first, verdict, before;
    for (std::string_view line : split(text_, '\n')) {
      line = trim(line);
      if (line.starts_with("processed ") && line.contains(" insns ")) verdict = before;
      if (line.starts_with("libbpf: ")) line.remove_prefix(8);
      if (first.empty()) first = line;
      if (!line.empty() && !line.starts_with("--")) before = line;
    }
    return printable(verdict.empty() ? first : verdict);
  }

private:
  static int take(enum libbpf_print_level level, const char *format, va_list arguments) {
    if (level == LIBBPF_DEBUG) return 0;
    char *line = nullptr;
    const int size = vasprintf(&line, format, arguments);
    if (size < 0) return 0;
    text_.append(line, static_cast<size_t>(size));
    free(line);
    return size;
  }

  static thread_local std::string text_;
  libbpf_print_fn_t old_;
};
thread_local std::string LogCapture::text_;

} // namespace

static std::unexpected<Error> refused(std::string_view what, int sys_errno) {
  std::string text(what);
  if (const std::string reason = LogCapture::reason(); !reason.empty()) text += ": " + reason;
  if (sys_errno == EPERM || sys_errno == EACCES || sys_errno == EINVAL || sys_errno == ENOTSUP)
    return fail(ErrorKind::Unsupported,
                "this kernel does not take " + text + " (errno " + std::to_string(sys_errno) + ")", sys_errno);
  return fail_errno(text, sys_errno);
}

Result<Object> load_object(const Concern &concern, const std::string &pin_dir) {
  const LogCapture log;
  libbpf_set_memlock_rlim(0); // nothing is charged to it since Linux 5.11, and its failure would hide the real one
  const std::string_view bytes = concern.bytes();
  const std::string name(concern.name);
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name.c_str(),
              .pin_root_path = pin_dir.empty() ? nullptr : pin_dir.c_str());
  Object object(bpf_object__open_mem(bytes.data(), bytes.size(), &options));
  if (!object) return refused(name + " programs", errno);
  if (pin_dir.empty()) {
    bpf_map *map = nullptr;
    bpf_object__for_each_map(map, object.get()) bpf_map__set_pin_path(map, nullptr);
  }
  if (const int error = bpf_object__load(object.get()); error != 0) return refused(name + " programs", -error);
  return object;
}

Status attach_program(const Object &object, const Program &program, int cgroup, const std::string &dir,
                      const Fd *before) {
  const LogCapture log;
  const std::string name(program.name);
  const bpf_program *found = bpf_object__find_program_by_name(object.get(), name.c_str());
  if (found == nullptr) return fail(ErrorKind::Malformed, "program " + name + " is missing from its object");
  if (program.hook == Hook::Jail) {
    if (bpf_obj_pin(bpf_program__fd(found), (dir + "/progs/" + name).c_str()) != 0)
      return fail_errno("pinning " + name);
    return {};
  }
  if (before) {
    if (bpf_obj_pin(bpf_program__fd(found), (dir + "/progs/" + name).c_str()) != 0)
      return fail_errno("pinning " + name);
    TRY_IN(name, bpf::pin(*before, dir + "/links/" + name));
    return bpf::replace_program(*before, bpf_program__fd(found));
  }
  const bool on_cgroup = program.hook == Hook::Root || program.hook == Hook::Parent;
  const std::unique_ptr<bpf_link, int (*)(bpf_link *)> link(
      on_cgroup ? bpf_program__attach_cgroup(found, cgroup) : bpf_program__attach(found), bpf_link__destroy);
  if (!link) return refused("program " + name + " at its hook", errno);
  if (bpf_obj_pin(bpf_program__fd(found), (dir + "/progs/" + name).c_str()) != 0) return fail_errno("pinning " + name);
  if (bpf_obj_pin(bpf_link__fd(link.get()), (dir + "/links/" + name).c_str()) != 0)
    return fail_errno("pinning " + name);
  return {};
}

Result<uint32_t> possible_cpus() {
  const LogCapture log;
  const int cpus = libbpf_num_possible_cpus();
  if (cpus <= 0) return fail_errno("possible CPUs", -cpus);
  return static_cast<uint32_t>(cpus);
}

Result<uint32_t> cgroup_level(uint64_t cgroup_id) {
  const LogCapture log;
  struct {
    uint64_t cgroup_id;
    int64_t level;
  } question{.cgroup_id = cgroup_id, .level = -1};
  const std::unique_ptr<sj_level, void (*)(sj_level *)> skeleton(sj_level::open_and_load(), sj_level::destroy);
  if (!skeleton) return refused("the cgroup level program", errno);
  LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &question, .ctx_size_in = sizeof(question)); // written back
  if (bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.level), &run) != 0)
    return refused("the cgroup level program", errno);
  if (question.level < 0)
    return fail(ErrorKind::NotFound, "cgroup " + std::to_string(cgroup_id) + " is not in this cgroup namespace");
  return static_cast<uint32_t>(question.level);
}

} // namespace jails::loader
