#include "svcmgr/output.h"

#include <array>
#include <cerrno>
#include <unistd.h>

namespace svcmgr {

void Output::print(std::string_view line) {
  std::string whole = name_;
  whole.append(" ").append(line).append("\n");
  size_t done = 0;
  while (done < whole.size()) {
    const ssize_t n = write(to_, whole.data() + done, whole.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return; // nobody reads any more
    done += static_cast<size_t>(n);
  }
}

bool Output::read() {
  std::array<char, 16384> buffer{};
  const ssize_t n = ::read(pipe_.get(), buffer.data(), buffer.size());
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  const auto emit = [this](std::string_view line, bool) { print(line); };
  if (n == 0) {
    lines_.flush(emit);
    return false;
  }
  lines_.feed({buffer.data(), static_cast<size_t>(n)}, emit);
  return true;
}

} // namespace svcmgr
