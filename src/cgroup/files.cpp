#include "cgroup/files.h"

#include "base/text.h"
#include "cgroup/control.h"
#include "sys/file.h"

#include <fmt/format.h>
#include <unistd.h>

namespace jails::cgroup {

Files::Files(const Group &group, const char *v2_name, const char *v1_name, const char *probe) {
  dir = group.directory(v1_name);
  v1 = !dir.empty();
  if (!v1) dir = group.directory("");
  if (!v1 && access((dir + "/" + probe).c_str(), F_OK) != 0) dir.clear();
  if (!dir.empty()) by = fmt::format("cgroup {} {}", v1 ? "v1" : "v2", v1 ? v1_name : v2_name);
}

std::string Files::text(const char *on_v1, const char *on_v2) const {
  const char *file = v1 ? on_v1 : on_v2;
  if (dir.empty() || file == nullptr) return "";
  const auto text = sys::read_file(dir + "/" + file, kMaxText);
  return text ? std::string(trim(*text)) : "";
}

std::optional<uint64_t> Files::value(const char *on_v1, const char *on_v2) const {
  return single_value(text(on_v1, on_v2));
}

} // namespace jails::cgroup
