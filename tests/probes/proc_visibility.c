/* /proc: no process or thread of the host is listed or can be looked up. HOST_TASKS: all of them. */
#include "probe.h"

#include <dirent.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
  int listed = 0;

  probe_begin(argc, argv);
  DIR *proc = opendir("/proc");
  if (proc == NULL) setup_failed("/proc");
  for (const struct dirent *entry; (entry = readdir(proc)) != NULL;) {
    const int pid = atoi(entry->d_name);
    const char *list = wanted("HOST_TASKS");

    if (pid == 0) continue;
    listed++;
    for (int other; (other = next_pid(&list)) != 0;)
      if (other == pid) judge(numbered("listing of", pid), true);
  }
  if (listed == 0) setup_failed("/proc lists nobody, not even this process");
  const char *list = wanted("HOST_TASKS");
  for (int pid; (pid = next_pid(&list)) != 0;) {
    char path[64];
    struct stat st;

    snprintf(path, sizeof path, "/proc/%d", pid);
    if (stat(path, &st) == 0 || errno != ENOENT) judge(path, true);
  }
  judge("seeing any task of the host", probe_reached != 0);
  return probe_end();
}
