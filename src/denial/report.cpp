#include "denial/report.h"

#include "base/text.h"
#include "denial/call.h"
#include "model/port.h"
#include "secmodel/rows.h"

#include <array>
#include <cstring>
#include <ctime>
#include <fmt/format.h>

namespace jails::denial {
namespace {

struct Device {
  uint32_t type, major, minor; // minor kAny: every one
  const char *name;
};
constexpr uint32_t kAny = ~0U;
// Documentation/admin-guide/devices.txt of the kernel.
constexpr Device kDevices[] = {
    {2, 1, 1, "mem"},
    {2, 1, 4, "port"},
    {2, 1, 11, "kmsg"},
    {2, 4, kAny, "terminal"},
    {2, 5, 1, "console"},
    {2, 10, 200, "net/tun"},
    {2, 10, 229, "fuse"},
    {2, 10, 232, "kvm"},
    {2, 10, 234, "btrfs"},
    {2, 10, 236, "device-mapper"},
    {2, 10, 237, "loop-control"},
    {2, 13, kAny, "input"},
    {2, 29, kAny, "fb"},
    {2, 116, kAny, "sound"},
    {2, 226, kAny, "dri"},
    {1, 7, kAny, "loop"},
    {1, 8, kAny, "sd"},
    {1, 9, kAny, "md"},
    {1, 11, kAny, "sr"},
    {1, 259, kAny, "disk"},
};

std::string device_text(const sj_object &object) {
  const auto &device = object.device;
  std::string text = fmt::format("{} {}:{}", device.type == 1 ? "block" : "character", device.major, device.minor);
  for (const auto &known : kDevices)
    if (known.type == device.type && known.major == device.major &&
        (known.minor == kAny || known.minor == device.minor))
      text += fmt::format(" ({})", known.name);
  if ((device.access & 1U) != 0) text += ", mknod";
  if ((device.access & 2U) != 0) text += ", read";
  if ((device.access & 4U) != 0) text += ", write";
  return text;
}

std::string port_text(const sj_object &object) {
  sj_port port{};
  port.port = static_cast<uint16_t>(object.port.port);
  port.protos = static_cast<uint8_t>(object.port.protos);
  if (sj_addr_is_any(&object.port.at) == 0) port.at = object.port.at;
  return to_string(rows::from_row(port));
}

std::string process_text(const Denial &denial) {
  const auto &process = denial.object.process;
  std::string whose = process.jid == SJ_HOST ? "a process of the host" : fmt::format("jail {}", process.jid);
  if (process.jid == SJ_OUTSIDE)
    whose = process.name[0] == 0
                ? "processes outside"
                : fmt::format("{}, outside", printable({process.name, strnlen(process.name, SJ_COMM)}));
  if (denial.rule == SJ_RULE_TRACE) return whose;
  if (denial.rule == SJ_RULE_SIGNAL) return fmt::format("signal {} to {}", process.what, whose);
  constexpr std::array<std::string_view, 5> kWhat{"a limit", "nice value", "scheduling", "I/O priority", "memory"};
  return fmt::format("{} of {}", process.what < kWhat.size() ? kWhat[process.what] : "something", whose);
}

} // namespace

std::string address_text(const sj_object &object) { return to_string(rows::from_row(object.port.at)); }

std::string object_text(const Denial &denial) {
  if (denial.rest) return "others";
  switch (denial.rule) {
  case SJ_RULE_BIND_OWNED:
  case SJ_RULE_BIND_UNRESERVED:
  case SJ_RULE_LISTEN_UNBOUND:
  case SJ_RULE_CALL_HOST:
  case SJ_RULE_CALL_JAIL:
  case SJ_RULE_CALL_NEAR:
  case SJ_RULE_BIND_SHARED: return port_text(denial.object);
  case SJ_RULE_ADDRESS: return address_text(denial.object);
  case SJ_RULE_DEVICE: return device_text(denial.object);
  case SJ_RULE_SYSCTL: return printable({denial.object.sysctl, strnlen(denial.object.sysctl, SJ_SYSCTL_NAME)});
  case SJ_RULE_SIGNAL:
  case SJ_RULE_TRACE:
  case SJ_RULE_ADJUST: return process_text(denial);
  case SJ_RULE_LANDLOCK: return printable({denial.object.abstract, strnlen(denial.object.abstract, SJ_ABSTRACT_NAME)});
  case SJ_RULE_CALL_ABSTRACT:
  case SJ_RULE_BIND_ABSTRACT:
    return "@" + printable({denial.object.abstract, strnlen(denial.object.abstract, SJ_ABSTRACT_NAME)});
  case SJ_RULE_FILES: return fmt::format("more than {} open files", denial.object.files);
  case SJ_RULE_SYSCALL: return call_text(denial.object);
  case SJ_RULES: break;
  }
  return "-";
}

std::string program_text(const Denial &denial) {
  if (denial.rest || denial.pid == 0) return "-";
  return fmt::format("{} (uid {})", printable(denial.program), denial.uid);
}

int64_t unix_seconds(uint64_t ns) {
  timespec boot{}, real{};
  clock_gettime(CLOCK_BOOTTIME, &boot);
  clock_gettime(CLOCK_REALTIME, &real);
  const auto nanoseconds = [](const timespec &time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; };
  return (nanoseconds(real) - nanoseconds(boot) + static_cast<int64_t>(ns)) / 1'000'000'000;
}

std::string time_text(uint64_t ns) {
  const time_t when = unix_seconds(ns);
  tm local{};
  localtime_r(&when, &local);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min, local.tm_sec);
}

} // namespace jails::denial
