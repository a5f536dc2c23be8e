// A running jail's limits: changing them, and the out-of-memory end of a whole jail where the kernel has none (v1).
#include "supervise/supervisor.h"

#include "cgroup/figures.h"
#include "sys/file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

namespace jails::supervise {

Status Supervisor::change_limits(const std::vector<std::string> &words, std::vector<std::string> &warnings) {
  if (!group_ || !spawner_ || state_ == State::Stopping)
    return fail(ErrorKind::Busy, fmt::format("jail {} is stopping or restarting", setup_.spec.name.str()));
  const Limits before = setup_.spec.limits;
  Limits wanted = before;
  const std::vector<std::string_view> views(words.begin(), words.end());
  TRY(jails::change_limits(wanted, views));
  TRY(check_reactions(setup_.spec.reactions, wanted, setup_.spec.restart));
  const bool other_disk = before.disk != wanted.disk || before.inodes != wanted.inodes;
  if (other_disk && !setup_.spec.image.empty())
    return fail(ErrorKind::Unsupported,
                "limit 'disk': the jail has an image, which changes only while the jail is down");
  const auto where = TRY(cgroup::Hierarchies::discover());
  const auto change = [&](const Limits &from, const Limits &to) {
    return group_->change(where, setup_.instance.cgroup_name(), from, to, setup_.spec.root);
  };
  warnings = TRY(change(before, wanted));
  Status done = before.files == wanted.files ? Status{} : limit_files(wanted.files);
  setup_.spec.limits = wanted;
  if (done && before.oom != wanted.oom) done = watch_oom();
  if (done) done = limit_network();
  if (done) done = limit_sockets();
  if (done && other_disk) done = limit_disk();
  if (done) done = publish_spec();
  if (!done) {
    (void)change(wanted, before);
    if (before.files != wanted.files) (void)limit_files(before.files);
    setup_.spec.limits = before;
    (void)limit_network();
    (void)limit_sockets();
    if (other_disk) (void)limit_disk();
    return done;
  }
  std::string text;
  for (const auto &word : words) text += " " + word;
  note(5, "limits changed:" + text);
  for (const auto &warning : warnings) note(4, warning);
  return {};
}

// An image has its size, and jailmgr made it so.
Status Supervisor::limit_disk() {
  if (!setup_.spec.image.empty()) return {};
  auto warning = TRY(launch::hold_to_quota(setup_.spec));
  if (!warning.empty()) warnings_.push_back(std::move(warning));
  return {};
}

Status Supervisor::limit_network() {
  const Limits &limits = setup_.spec.limits;
  if (!limits.net_in && !limits.net_out) {
    pace_.reset(); // no packet is to pay for programs that let it through
    return {};
  }
  if (pace_) return pace_->set(limits.net_out, limits.net_in);
  pace_ = TRY(Pace::attach(setup_.instance, group_->v2(), group_->id(), limits.net_out, limits.net_in));
  return {};
}

Status Supervisor::limit_sockets() {
  const auto ceiling = setup_.spec.limits.sockbuf;
  if (!ceiling) {
    sockbuf_.reset();
    return {};
  }
  if (sockbuf_) return sockbuf_->set(*ceiling);
  sockbuf_ = TRY(Sockbuf::attach(setup_.instance, group_->v2(), group_->id(), *ceiling));
  return {};
}

// Of each process, and of the jail, which the second line counts.
Status Supervisor::limit_files(std::optional<uint64_t> files) {
  TRY(limit_files_of_processes(files));
  return with_tables([&] { return tables_.set_files(setup_.jid, files.value_or(0)); });
}

// On every process, the anchor among them, from which the next ones inherit; again until no child is left over that was
// forked meanwhile.
Status Supervisor::limit_files_of_processes(std::optional<uint64_t> files) const {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return fail_errno("limit 'files'"); // ours: what a jail without has
  if (files) limit = {*files, *files};
  for (int round = 0; round < 100; round++) {
    bool changed = false;
    for (const pid_t pid : TRY(group_->processes())) {
      rlimit now{};
      if (prlimit(pid, RLIMIT_NOFILE, nullptr, &now) != 0 ||
          (now.rlim_cur == limit.rlim_cur && now.rlim_max == limit.rlim_max))
        continue;                                                         // it ended, or has it
      if (files && round > 0 && now.rlim_max == limit.rlim_max) continue; // it lowered its own soft limit meanwhile
      if (prlimit(pid, RLIMIT_NOFILE, &limit, nullptr) != 0) {
        if (errno == EPERM) // prlimit(2)
          return fail(ErrorKind::Denied, fmt::format("limit 'files': raising it from {} for processes that run needs "
                                                     "CAP_SYS_RESOURCE; stop the jail first",
                                                     now.rlim_max));
        if (errno != ESRCH) return fail_errno("limit 'files'");
      }
      changed = true;
    }
    if (!changed) return {};
  }
  return fail(ErrorKind::Busy, "limit 'files': the jail forks too fast");
}

// v2 has memory.oom.group. v1 kills one process and tells who asked for it (memory.txt of cgroup-v1, 10: OOM control).
Status Supervisor::watch_oom() {
  unwatch_oom();
  const std::string dir = group_->directory("memory");
  if (setup_.spec.limits.oom != OomKill::Group || dir.empty()) return {};
  Fd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  const Fd control(open((dir + "/memory.oom_control").c_str(), O_RDONLY | O_CLOEXEC));
  if (!event || !control) return fail_errno(dir);
  TRY(sys::write_file(dir + "/cgroup.event_control", fmt::format("{} {}", event.get(), control.get())));
  TRY(loop_.add(event.get(), EPOLLIN, [this](uint32_t) { on_oom(); }));
  oom_event_ = std::move(event);
  return {};
}

void Supervisor::unwatch_oom() {
  if (!oom_event_) return;
  loop_.remove(oom_event_.get());
  oom_event_.reset();
}

// The next cgroup counts from 0: what this one has counted goes into the jail's row.
void Supervisor::keep_oom_kills() {
  if (!group_ || !setup_.spec.limits.memory) return;
  uint64_t kills = cgroup::oom_kills(*group_).value_or(0);
  if (std::exchange(oom_killed_, false)) kills = std::max<uint64_t>(kills, 1);
  if (kills == 0) return;
  const auto kept = with_tables([&] { return tables_.add_oom_kills(setup_.jid, kills); });
  if (!kept) note(4, "counting OOM kills: " + kept.error().text());
}

void Supervisor::on_oom() {
  uint64_t count = 0;
  if (read(oom_event_.get(), &count, sizeof count) != sizeof count) return;
  note(3, "out of memory; the whole jail is killed");
  cause_ = journal::Cause::Oom;
  oom_killed_ =
      true; // the event comes before the kernel's own kill, which finds nobody left to count (mm/memcontrol-v1.c)
  (void)group_->kill();
}

} // namespace jails::supervise
