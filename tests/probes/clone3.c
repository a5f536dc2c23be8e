/* clone3's flags stand behind a pointer that no filter can follow: there is no clone3, and libc falls back. */
#include "probe.h"

#include <pthread.h>
#include <spawn.h>

static void *nothing(void *argument) { return argument; }

int main(int argc, char **argv) {
  pthread_t thread;
  int status;

  probe_begin(argc, argv);
  refused("clone3", syscall(SYS_clone3, BAD_POINTER, 64), ENOSYS, 0);
  if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
    setup_failed("a thread cannot be made");
  char *const command[] = {(char *)"true", NULL};
  pid_t pid;
  const int error = posix_spawnp(&pid, "true", NULL, NULL, command, NULL);
  if (error != 0 || waitpid(pid, &status, 0) != pid || status != 0) setup_failed("posix_spawn: %s", strerror(error));
  return probe_end();
}
