/* SysV IPC of one's own: high denies the whole family. */
#include "probe.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  const int shm = shmget(IPC_PRIVATE, 4096, 0600);
  refused("shmget", shm, EPERM, 0);
  if (shm >= 0) shmctl(shm, IPC_RMID, NULL);
  const int sem = semget(IPC_PRIVATE, 1, 0600);
  refused("semget", sem, EPERM, 0);
  if (sem >= 0) semctl(sem, 0, IPC_RMID);
  const int queue = msgget(IPC_PRIVATE, 0600);
  refused("msgget", queue, EPERM, 0);
  if (queue >= 0) msgctl(queue, IPC_RMID, NULL);
  return probe_end();
}
