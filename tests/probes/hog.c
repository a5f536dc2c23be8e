/* Takes what limits are for: hog KIND COUNT.
 *   anon memfd shm pipe socket   COUNT bytes of that kind of memory, all of it touched
 *   fork thread parent           COUNT children that stay, by fork(2), a thread, or clone with CLONE_PARENT
 *   groups                       COUNT supplementary groups; then mount(2), whose answer is shown
 *   pty                          COUNT terminals
 *   orphan                       COUNT children of the parent that end at once
 *   files                        COUNT descriptors
 * Says how far it came: "KIND N", and what stopped it. Exits with 0 when it got all of it, 1 when it was refused. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHUNK (1 << 16)
static char chunk[CHUNK];

/* Each takes up to CHUNK bytes more, or one more of its kind. */
static long more_anon(void) {
  char *at = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return -1;
  memset(at, 1, CHUNK);
  return CHUNK;
}

static long write_more(int fd) { return fd < 0 ? -1 : (long)write(fd, chunk, CHUNK); }

static long more_memfd(void) {
  static int fd = -2;
  if (fd == -2) fd = memfd_create("hog", MFD_CLOEXEC);
  return write_more(fd);
}

static long more_shm(void) {
  static int fd = -2;
  if (fd == -2) fd = open("/dev/shm/hog", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  return write_more(fd);
}

static long more_pipe(void) {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) != 0) return -1;
  return write_more(ends[1]);
}

static long more_socket(void) {
  int ends[2];
  long total = 0, n;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) return -1;
  while ((n = write(ends[0], chunk, CHUNK)) > 0) total += n;
  return total;
}

static long more_files(void) { return open("/dev/null", O_RDONLY) < 0 ? -1 : 1; }

static int stay(void *unused) {
  (void)unused;
  while (1) pause();
  return 0;
}
static void *stay_thread(void *unused) {
  stay(unused);
  return NULL;
}

static long more_fork(void) {
  const pid_t pid = fork();
  if (pid == 0) stay(NULL);
  return pid < 0 ? -1 : 1;
}

static long more_thread(void) {
  pthread_t thread;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 16384);
  errno = pthread_create(&thread, &small, stay_thread, NULL);
  return errno != 0 ? -1 : 1;
}

static long more_parent(void) {
  const long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, 0);
  if (pid == 0) stay(NULL);
  return pid < 0 ? -1 : 1;
}

static long more_pty(void) { return open("/dev/ptmx", O_RDWR | O_NOCTTY) < 0 ? -1 : 1; }

/* /proc/PID/status gets long by them, which is read when a call is refused. */
static int refused_with_groups(size_t count) {
  gid_t *groups = calloc(count, sizeof *groups);
  for (size_t i = 0; groups != NULL && i < count; i++) groups[i] = (gid_t)(1000000000 + i);
  if (groups == NULL || setgroups(count, groups) != 0) return perror("groups"), 2;
  if (mount("none", "/tmp", "tmpfs", 0, NULL) == 0) return puts("mounted"), 1;
  return puts(strerror(errno)), 0;
}

static long more_orphan(void) {
  const long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, 0);
  if (pid == 0) _exit(0);
  return pid < 0 ? -1 : 1;
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    long (*more)(void);
  } kinds[] = {{"anon", more_anon},     {"memfd", more_memfd},   {"shm", more_shm},       {"pipe", more_pipe},
               {"socket", more_socket}, {"fork", more_fork},     {"thread", more_thread}, {"parent", more_parent},
               {"files", more_files},   {"orphan", more_orphan}, {"pty", more_pty}};
  const long wanted = argc == 3 ? atol(argv[2]) : 0;
  struct rlimit files;

  if (wanted > 0 && strcmp(argv[1], "groups") == 0) return refused_with_groups((size_t)wanted);
  memset(chunk, 1, sizeof chunk);
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  for (size_t i = 0; wanted > 0 && i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(argv[1], kinds[i].name) != 0) continue;
    long got = 0, n = 0;
    while (got < wanted && (n = kinds[i].more()) > 0) got += n;
    printf("%s %ld%s%s\n", argv[1], got, n > 0 ? "" : ": ", n > 0 ? "" : strerror(errno));
    fflush(stdout);
    return got >= wanted ? 0 : 1;
  }
  fputs("usage: hog KIND COUNT\n", stderr);
  return 2;
}
