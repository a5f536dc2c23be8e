#include "secmodel/telemetry.h"

#include "secmodel/rows.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <unistd.h>

namespace jails {

static constexpr uint64_t kSecond = 1'000'000'000;
static constexpr uint64_t kTick = kSecond / 100;

static uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now); // the clock of bpf_ktime_get_ns()
  return static_cast<uint64_t>(now.tv_sec) * kSecond + static_cast<uint64_t>(now.tv_nsec);
}

Result<Telemetry> Telemetry::open(const Instance &instance) {
  Tables tables = TRY(Tables::open(instance));
  Fd tasks = TRY_IN("secmodel_jail", bpf::open_pinned(instance.bpffs_dir() + "/links/tasks"));
  return Telemetry(std::move(tables), std::move(tasks));
}

Result<std::vector<JailUsage>> Telemetry::snapshot() const {
  std::vector<JailUsage> usage;
  for (JailRow &jail : TRY(tables_.list())) usage.push_back({.jail = std::move(jail)});
  TRY(add_denials(usage));
  const auto on_cpu = TRY(add_tasks(usage)); // before the rows, which then tell whether such a slice is over
  TRY(add_cpu(usage, on_cpu));
  return usage;
}

static JailUsage *usage_of(std::vector<JailUsage> &usage, Jid jid) {
  const auto at = std::ranges::lower_bound(usage, jid, {}, [](const JailUsage &one) { return one.jail.jid; });
  return at != usage.end() && at->jail.jid == jid ? &*at : nullptr;
}

namespace {

// The CPU time of one jail as of `now`, to be asked by second.
class Seconds {
public:
  Seconds(uint64_t now) : now_(now) {}

  void add(const sj_cpu &row) {
    total_ += row.total_ns;
    for (size_t i = 0; i < SJ_CPU_SECONDS; i++) add(row.second[i], row.used_ns[i]);
  }
  // A slice that is in no row yet.
  void add_slice(uint64_t from) {
    if (from >= now_) return;
    total_ += now_ - from;
    for (uint64_t age = 0; age <= kFull; age++) {
      const uint64_t start = (now_ / kSecond - age) * kSecond;
      const uint64_t end = std::min(now_, start + kSecond);
      if (from < end) add(start / kSecond, end - std::max(from, start));
    }
  }

  [[nodiscard]] uint64_t total() const { return total_; }
  // ns used in the last full second, and in the last ten.
  [[nodiscard]] uint64_t last() const { return used_[1]; }
  [[nodiscard]] uint64_t last_ten() const {
    uint64_t sum = 0;
    for (uint64_t age = 1; age <= kFull; age++) sum += used_[age];
    return sum;
  }

private:
  static constexpr uint64_t kFull = 10;

  void add(uint64_t second, uint64_t ns) {
    const uint64_t current = now_ / kSecond;
    if (second <= current && current - second <= kFull) used_[current - second] += ns;
  }

  uint64_t now_;
  uint64_t total_ = 0;
  std::array<uint64_t, kFull + 1> used_{}; // by age; 0 is the second that is not over
};

} // namespace

static void add_traffic(Traffic &sum, const sj_traffic &part) {
  sum.bytes += part.bytes;
  sum.packets += part.packets;
}

Status Telemetry::add_cpu(std::vector<JailUsage> &usage, const std::vector<OnCpu> &on_cpu) const {
  // In this order: a slice that ends between the two reads is in the row then, and the row's until_ns tells so.
  const auto running = TRY(tables_.running_.lookup(0));
  const uint64_t now = monotonic_ns();
  for (const auto &[jid, by_cpu] : TRY(tables_.cpu_.all())) {
    JailUsage *one = usage_of(usage, jid);
    if (one == nullptr) continue;
    Seconds seconds(now);
    for (size_t cpu = 0; cpu < by_cpu.size(); cpu++) {
      seconds.add(by_cpu[cpu]);
      add_traffic(one->in, by_cpu[cpu].in);
      add_traffic(one->out, by_cpu[cpu].out);
      const bool runs = cpu < running.size() && running[cpu].jid == jid;
      if (runs && by_cpu[cpu].until_ns <= running[cpu].since_ns) seconds.add_slice(running[cpu].since_ns);
    }
    // Those that were not seen to enter their CPU (accounting.bpf.c, unseen_start).
    for (const OnCpu &task : on_cpu) {
      if (task.jid != jid || task.cpu >= by_cpu.size() || task.cpu >= running.size()) continue;
      const auto from = std::max<uint64_t>(task.from_ns, running[task.cpu].since_ns);
      if (running[task.cpu].jid != jid && by_cpu[task.cpu].until_ns <= task.from_ns) seconds.add_slice(from);
    }
    one->cpu_total_ns = seconds.total();
    one->cpu_ticks_1s = (seconds.last() + kTick / 2) / kTick;
    one->cpu_ticks_10s_avg = static_cast<double>(seconds.last_ten()) / 10 / static_cast<double>(kTick);
  }
  return {};
}

Status Telemetry::add_denials(std::vector<JailUsage> &usage) const {
  for (const auto &[jid, row] : TRY(tables_.denied_.all()))
    if (JailUsage *one = usage_of(usage, jid); one != nullptr) one->denials = Tables::denials_of(row, 0);
  for (const auto &[jid, calls] : TRY(tables_.denied_calls_.all()))
    if (JailUsage *one = usage_of(usage, jid); one != nullptr) one->denials.count[SJ_RULE_SYSCALL] = calls;
  for (const auto &[jid, row] : TRY(bpf::unless_missing(tables_.denied_landlock_.all())))
    if (JailUsage *one = usage_of(usage, jid); one != nullptr) Tables::add_landlock(one->denials, row);
  return {};
}

Result<std::vector<Telemetry::OnCpu>> Telemetry::add_tasks(std::vector<JailUsage> &usage) const {
  const Fd pass = TRY_IN("secmodel_jail", bpf::start_iterator(tasks_));
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  std::vector<OnCpu> on_cpu;
  std::vector<char> buffer(64 * sizeof(sj_task_row));
  size_t filled = 0;
  while (true) {
    const ssize_t got = read(pass.get(), buffer.data() + filled, buffer.size() - filled);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue; // EAGAIN: a pass over very many tasks pauses
    if (got < 0) return fail_errno("secmodel_jail: task iterator");
    if (got == 0) break;
    filled += static_cast<size_t>(got);
    size_t at = 0;
    for (; filled - at >= sizeof(sj_task_row); at += sizeof(sj_task_row)) {
      sj_task_row row;
      memcpy(&row, buffer.data() + at, sizeof(row));
      JailUsage *one = usage_of(usage, row.jid);
      if (one == nullptr) continue;
      if (row.on_cpu != 0) on_cpu.push_back({.jid = row.jid, .cpu = row.cpu, .from_ns = row.slice_from_ns});
      if (row.pid == 0) continue;
      one->references++;
      one->processes += !row.is_anchor;
      one->threads += row.threads;
      one->vmem_bytes += row.vmem_pages * page;
      if (row.rss_pages == SJ_UNKNOWN_PAGES)
        one->rss_bytes.reset();
      else if (one->rss_bytes)
        *one->rss_bytes += row.rss_pages * page;
    }
    memmove(buffer.data(), buffer.data() + at, filled - at);
    filled -= at;
  }
  return on_cpu;
}

} // namespace jails
