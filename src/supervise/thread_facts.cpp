#include "supervise/thread_facts.h"

#include "base/fd.h"
#include "base/text.h"

#include <array>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jails::supervise {
namespace {

// A file of /proc/THREAD, at most 4 KiB of it: in `status` all up to the groups.
std::string read_of(pid_t thread, const char *name) {
  const Fd file(open(fmt::format("/proc/{}/{}", thread, name).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> buffer; // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  const ssize_t got = file ? read(file.get(), buffer.data(), buffer.size()) : -1;
  return got > 0 ? std::string(buffer.data(), static_cast<size_t>(got)) : std::string();
}

// The field of proc_pid_status(5); name with its colon.
std::string_view field(std::string_view status, std::string_view name) {
  for (size_t at = 0; at < status.size();) {
    const size_t end = std::min(status.find('\n', at), status.size());
    const auto line = status.substr(at, end - at);
    if (line.starts_with(name)) return trim(line.substr(name.size()));
    at = end + 1;
  }
  return {};
}

// The kernel writes newline and backslash of a name as two characters there.
std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    const bool escaped = text[i] == '\\' && i + 1 < text.size();
    if (escaped) i++;
    out += escaped && text[i] == 'n' ? '\n' : text[i];
  }
  return out;
}

} // namespace

std::optional<ThreadFacts> thread_facts(pid_t thread) {
  const std::string status = read_of(thread, "status");
  ThreadFacts facts;
  const auto ids = split(field(status, "Uid:"), '\t');
  const auto process = parse_int<pid_t>(field(status, "Tgid:"));
  if (ids.size() < 2 || !process) return std::nullopt;
  const auto uid = parse_int<uint32_t>(ids[0]);
  const auto effective = parse_int<uint32_t>(ids[1]);
  // Not from the file: it comes after "Groups:", which a jail can make as long as it likes.
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, thread};
  __user_cap_data_struct sets[2]{};
  if (!uid || !effective || syscall(SYS_capget, &header, sets) != 0) return std::nullopt;
  facts.permitted = uint64_t{sets[1].permitted} << 32U | sets[0].permitted;
  facts.name = unescape(field(status, "Name:"));
  facts.process = *process;
  facts.uid = *uid;
  facts.effective_uid = *effective;
  return facts;
}

bool speaks_of_ours(pid_t thread) {
  for (const char *kind : {"pid", "user"}) {
    struct stat theirs{}, ours{};
    if (stat(fmt::format("/proc/{}/ns/{}", thread, kind).c_str(), &theirs) != 0 ||
        stat(fmt::format("/proc/self/ns/{}", kind).c_str(), &ours) != 0 || theirs.st_ino != ours.st_ino ||
        theirs.st_dev != ours.st_dev)
      return false;
  }
  return true;
}

std::string v2_path(pid_t thread) { return std::string(field(read_of(thread, "cgroup"), "0::")); }

} // namespace jails::supervise
