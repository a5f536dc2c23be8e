/* The jail's procfs under names that a neighbour exchanges all the time: is any of what the jail may not write to open
 * for writing under one of them, or anything shown that is covered?
 *   shifting_proc DIRECTORY...   exits with 0 if not, 1 if so (the file is named), 2 if there is no procfs
 * Opened only. A file of another file system is the neighbour's own and does not count. */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static int of_proc(const char *directory, const char *name, int flags) {
  char path[256];
  struct statfs fs;

  snprintf(path, sizeof path, "%s/%s", directory, name);
  const int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return 0;
  const int is = fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
  close(fd);
  if (is && flags == O_WRONLY) printf("%s can be written\n", path);
  if (is && flags == O_RDONLY) printf("%s is not covered\n", path);
  return is;
}

int main(int argc, char **argv) {
  static const char *const switches[] = {"sysrq-trigger", "irq/default_smp_affinity", "sys/kernel/core_pattern",
                                         "sys/kernel/printk"};
  static const char *const covered[] = {"kallsyms", "interrupts", "timer_list", "key-users"};
  int seen = 0;

  for (int round = 0; round < 300; round++) {
    for (int i = 1; i < argc; i++) {
      struct statfs fs;

      if (statfs(argv[i], &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC) seen = 1;
      for (size_t at = 0; at < sizeof switches / sizeof switches[0]; at++)
        if (of_proc(argv[i], switches[at], O_WRONLY)) return 1;
      for (size_t at = 0; at < sizeof covered / sizeof covered[0]; at++)
        if (of_proc(argv[i], covered[at], O_RDONLY)) return 1;
    }
  }
  if (!seen) fputs("there is no procfs\n", stderr);
  return seen ? 0 : 2;
}
