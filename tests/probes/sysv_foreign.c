/* The host's SysV segment and POSIX queue, under their keys: HOST_SHM_KEY, HOST_QUEUE. */
#include "probe.h"

#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/shm.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const key_t key = (key_t)strtol(wanted("HOST_SHM_KEY"), NULL, 0);
  refused("shmget of the host's key", shmget(key, 0, 0), ENOENT, EPERM);
  const mqd_t queue = mq_open(wanted("HOST_QUEUE"), O_RDONLY);
  refused("mq_open of the host's queue", queue == (mqd_t)-1 ? -1 : 0, ENOENT, 0);
  return probe_end();
}
