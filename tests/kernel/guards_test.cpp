// Devices and sysctls.
#include "member.h"
#include "world.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace jails::test {
namespace {

using Guards = World;

class TempDir {
public:
  TempDir() { valid_ = mkdtemp(path_) != nullptr; }
  ~TempDir() {
    unlink((path() + "/node").c_str());
    if (valid_) rmdir(path_);
  }
  [[nodiscard]] std::string path() const { return path_; }

private:
  char path_[64] = "/tmp/jails-kernel-test-XXXXXX";
  bool valid_ = false;
};

int open_device(const std::string &path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

TEST_F(Guards, DevicesOfAJail) {
  make_jail("jail", Profile::Low, "");
  const auto in_jail = [&](const char *path) {
    return run_in(cgroup_of("jail"), [&] { return open_device(path, O_RDWR); });
  };
  for (const char *path : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/ptmx"}) {
    EXPECT_EQ(open_device(path, O_RDWR), 0) << "control: " << path;
    EXPECT_EQ(in_jail(path), 0) << path;
  }
}

TEST_F(Guards, OtherDevices) {
  make_jail("jail", Profile::Low, "");
  const TempDir dir;
  const std::string node = dir.path() + "/node";
  ASSERT_EQ(mknod(node.c_str(), S_IFCHR | 0600, makedev(1, 11)), 0); // kmsg, planted by the host
  const auto read_node = [&] { return open_device(node, O_RDONLY); };
  EXPECT_EQ(run_in("", read_node), 0) << "control";
  EXPECT_EQ(run_in(cgroup_of("jail"), read_node), EPERM);
  EXPECT_EQ(denials("jail").of(SJ_RULE_DEVICE), 1U);
}

TEST_F(Guards, NoDeviceNodes) {
  make_jail("jail", Profile::Low, "");
  const TempDir dir;
  const std::string node = dir.path() + "/node";
  const auto make = [&](mode_t type, dev_t device) {
    const int error = mknod(node.c_str(), type | 0600, device) == 0 ? 0 : errno;
    unlink(node.c_str());
    return error;
  };
  const auto make_null = [&] { return make(S_IFCHR, makedev(1, 3)); };
  const auto make_disk = [&] { return make(S_IFBLK, makedev(7, 0)); };
  const auto make_fifo = [&] { return make(S_IFIFO, 0); };
  EXPECT_EQ(run_in("", make_null), 0) << "control";
  EXPECT_EQ(run_in("", make_disk), 0) << "control";
  EXPECT_EQ(run_in(cgroup_of("jail"), make_null), EPERM);
  EXPECT_EQ(run_in(cgroup_of("jail"), make_disk), EPERM);
  EXPECT_EQ(run_in(cgroup_of("jail"), make_fifo), 0) << "a FIFO is no device";
}

TEST_F(Guards, SysctlsAreReadOnly) {
  make_jail("jail", Profile::Low, "");
  constexpr char kPath[] = "/proc/sys/net/ipv4/ip_default_ttl";
  const std::string held = read_text(kPath);
  const auto write_back = [&] { // the value it has
    const int fd = open(kPath, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    const int error = write(fd, held.data(), held.size()) < 0 ? errno : 0;
    close(fd);
    return error;
  };
  const auto read_it = [&] { return read_text(kPath) == held ? 0 : 1; };
  EXPECT_EQ(run_in("", write_back), 0) << "control";
  EXPECT_EQ(run_in(cgroup_of("jail"), write_back), EPERM);
  EXPECT_EQ(run_in(cgroup_of("jail"), read_it), 0);
  EXPECT_EQ(denials("jail").of(SJ_RULE_SYSCTL), 1U);
}

} // namespace
} // namespace jails::test
