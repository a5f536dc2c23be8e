/* Memory of processes of the host. The canaries have a word at HOST_ADDRESS. */
#include "probe.h"

#include <fcntl.h>
#include <sys/uio.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const char *list = wanted("HOST_PIDS");
  void *address = (void *)strtoul(wanted("HOST_ADDRESS"), NULL, 16);
  for (int pid; (pid = next_pid(&list)) != 0;) {
    unsigned long word = 0;
    struct iovec here = {&word, sizeof word}, there = {address, sizeof word};
    char path[64];

    refused(numbered("process_vm_readv", pid), process_vm_readv(pid, &here, 1, &there, 1, 0), EPERM, ESRCH);
    refused(numbered("process_vm_writev", pid), process_vm_writev(pid, &here, 1, &there, 1, 0), EPERM, ESRCH);
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    refused(path, open(path, O_RDWR), ENOENT, 0);
    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    refused(path, open(path, O_RDONLY), ENOENT, 0);
  }
  return probe_end();
}
