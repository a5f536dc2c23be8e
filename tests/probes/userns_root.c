/* What root of a user namespace of its own, with namespaces of every kind, might try. Where none can be made the setup
 * fails. */
#include "probe.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>

static void write_file(const char *path, const char *text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);

  if (fd < 0 || write(fd, text, strlen(text)) < 0) setup_failed("%s", path);
  close(fd);
}

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  if (unshare(CLONE_NEWUSER) != 0) setup_failed("user namespace");
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 0 1");
  if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) != 0) setup_failed("namespaces inside it");
  const char *list = wanted("HOST_PIDS");
  for (int pid; (pid = next_pid(&list)) != 0;) {
    char path[64];

    refused(numbered("kill", pid), kill(pid, SIGTERM), EPERM, 0);
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    refused(path, open(path, O_RDONLY), ENOENT, 0);
  }
  refused("mount tmpfs", mount("none", "/tmp", "tmpfs", 0, NULL), EPERM, EACCES);
  if (!probe_control) /* the kernel wants a PID namespace as well */
    refused("mount proc", mount("none", "/proc", "proc", 0, NULL), EPERM, EACCES);
  refused("umount /proc", umount2("/proc", MNT_DETACH), EPERM, EACCES);
  refused("fsopen", syscall(SYS_fsopen, "proc", 0), ENOSYS, EPERM);
  refused("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1), ENOSYS, EPERM);
  refused("sethostname", sethostname("x", 1), EPERM, 0);
  refused("packet socket", socket(AF_PACKET, SOCK_RAW, 0), EAFNOSUPPORT, EPERM);
  refused("raw socket", socket(AF_INET, SOCK_RAW, 1), EPERM, 0);
  refused("netfilter", socket(AF_NETLINK, SOCK_RAW, 12), EAFNOSUPPORT, EPERM);
  refused("setns", syscall(SYS_setns, open("/proc/self/ns/mnt", O_RDONLY), 0), EPERM, 0);
  return probe_end();
}
