#include "stats/fields.h"

#include <cmath>
#include <fmt/format.h>

namespace jails::stats {
namespace {

using Jail = const JailStats &;

Value known(std::optional<uint64_t> value) { return value ? Value(*value) : Value(); }

// Seconds of a counter whose unit is a `unit`th of one.
Value seconds(std::optional<uint64_t> value, double unit) {
  return value ? Value(static_cast<double>(*value) / unit) : Value();
}
Value seconds(const std::optional<cgroup::Stall> &stall) { return stall ? seconds(stall->total_us, 1e6) : Value(); }
constexpr double kNs = 1e9;

constexpr const char *kWaiting = "jail_pressure_waiting_seconds_total";
constexpr const char *kWaitingHelp = "Time in which a task of the jail waited for the resource.";
constexpr const char *kStalled = "jail_pressure_stalled_seconds_total";
constexpr const char *kStalledHelp = "Time in which every task of the jail waited for the resource.";

constexpr Field kFields[] = {
    {"CPU1S", "jail_cpu_usage_ticks_1s", false, nullptr, "CPU time used in the last full second, in ticks of 1/100 s.",
     [](Jail j) { return Value(j.usage.cpu_ticks_1s); }},
    {"CPU10S", "jail_cpu_usage_ticks_10s_avg", false, nullptr,
     "CPU time used per second, mean of the last ten full seconds, in ticks of 1/100 s.",
     [](Jail j) { return Value(std::round(j.usage.cpu_ticks_10s_avg * 10) / 10); }},
    {"PROC", "jail_processes", false, nullptr, "Processes in the jail.",
     [](Jail j) { return Value(j.usage.processes); }},
    {"REFS", "jail_references", false, nullptr, "Processes that hold the jail, its anchor included.",
     [](Jail j) { return Value(j.usage.references); }},
    {"VMEM", "jail_vmem_bytes", false, nullptr, "Sum of the virtual sizes of the jail's processes.",
     [](Jail j) { return Value(j.usage.vmem_bytes); }},

    {"THREADS", "jail_threads", false, nullptr, "Threads of the jail's processes, its anchor included.",
     [](Jail j) { return Value(j.usage.threads); }},
    {"RSS", "jail_resident_memory_bytes", false, nullptr,
     "Sum of the resident sizes of the jail's processes; what two of them share counts twice.",
     [](Jail j) { return known(j.usage.rss_bytes); }},
    {"CPU", "jail_cpu_seconds_total", true, nullptr, "CPU time used.",
     [](Jail j) { return seconds(j.usage.cpu_total_ns, kNs); }},
    {"THROTTLED", "jail_cpu_throttled_seconds_total", true, nullptr,
     "Time in which the CPU limit of the jail held its tasks back.",
     [](Jail j) { return seconds(j.figures.throttled_ns, kNs); }},
    {"MEM", "jail_memory_usage_bytes", false, nullptr, "Memory charged to the jail by the memory controller.",
     [](Jail j) { return known(j.figures.memory_bytes); }},
    {"MEMPEAK", "jail_memory_peak_bytes", false, nullptr, "The most that was charged since the jail started.",
     [](Jail j) { return known(j.figures.memory_peak_bytes); }},
    {"MEMLIMIT", "jail_memory_limit_bytes", false, nullptr, "The memory limit, where there is one.",
     [](Jail j) { return known(j.figures.memory_limit_bytes); }},
    {"OOM", "jail_oom_kills_total", true, nullptr, "Processes of the jail that were killed for want of memory.",
     [](Jail j) { return known(j.oom_kills()); }},
    {"READ", "jail_io_read_bytes_total", true, nullptr, "Bytes read from disks.",
     [](Jail j) { return known(j.figures.read_bytes); }},
    {"WRITTEN", "jail_io_written_bytes_total", true, nullptr, "Bytes written to disks.",
     [](Jail j) { return known(j.figures.written_bytes); }},
    {"READS", "jail_io_reads_total", true, nullptr, "Read operations on disks.",
     [](Jail j) { return known(j.figures.reads); }},
    {"WRITES", "jail_io_writes_total", true, nullptr, "Write operations on disks.",
     [](Jail j) { return known(j.figures.writes); }},
    {"NETIN", "jail_network_receive_bytes_total", true, nullptr,
     "Bytes of IP packets that reached sockets of the jail, over loopback too.",
     [](Jail j) { return Value(j.usage.in.bytes); }},
    {"NETOUT", "jail_network_transmit_bytes_total", true, nullptr,
     "Bytes of IP packets that sockets of the jail sent, over loopback too.",
     [](Jail j) { return Value(j.usage.out.bytes); }},
    {"PKTIN", "jail_network_receive_packets_total", true, nullptr, "IP packets that reached sockets of the jail.",
     [](Jail j) { return Value(j.usage.in.packets); }},
    {"PKTOUT", "jail_network_transmit_packets_total", true, nullptr, "IP packets that sockets of the jail sent.",
     [](Jail j) { return Value(j.usage.out.packets); }},
    {"DROPIN", "jail_network_receive_dropped_packets_total", true, nullptr,
     "Packets to the jail that its network rate dropped.", [](Jail j) { return known(j.dropped_in); }},
    {"DROPOUT", "jail_network_transmit_dropped_packets_total", true, nullptr,
     "Packets of the jail that its network rate dropped.", [](Jail j) { return known(j.dropped_out); }},
    {"CPUWAIT", kWaiting, true, "cpu", kWaitingHelp, [](Jail j) { return seconds(j.figures.cpu.some); }},
    {"MEMWAIT", kWaiting, true, "memory", kWaitingHelp, [](Jail j) { return seconds(j.figures.memory.some); }},
    {"IOWAIT", kWaiting, true, "io", kWaitingHelp, [](Jail j) { return seconds(j.figures.io.some); }},
    {"CPUSTALL", kStalled, true, "cpu", kStalledHelp, [](Jail j) { return seconds(j.figures.cpu.full); }},
    {"MEMSTALL", kStalled, true, "memory", kStalledHelp, [](Jail j) { return seconds(j.figures.memory.full); }},
    {"IOSTALL", kStalled, true, "io", kStalledHelp, [](Jail j) { return seconds(j.figures.io.full); }},
    {"RESTARTS", "jail_restarts_total", true, nullptr, "How often the supervisor started the command again.",
     [](Jail j) { return Value(j.usage.jail.restarts); }},
    {"RUNNING", "jail_running", false, nullptr, "1 while the jail stands, 0 while it is only registered.",
     [](Jail j) { return Value(uint64_t{j.running()}); }},
};

} // namespace

std::span<const Field> fields() { return kFields; }

std::string text_of(const Value &value) {
  if (const auto *whole = std::get_if<uint64_t>(&value)) return fmt::format("{}", *whole);
  if (const auto *real = std::get_if<double>(&value)) return fmt::format("{}", *real);
  return "-";
}

} // namespace jails::stats
