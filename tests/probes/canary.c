/* A process of the host that the probes try to reach, and that counts what reaches it.
 *   canary FILE NAME     FILE: where the counts go; NAME: its abstract sockets are NAME-stream, NAME-seqpacket,
 * NAME-dgram; it also serves a TCP and UDP port of every address
 *   canary --report FILE prints "signals N", "connections N", "word XXXX"
 *   canary --port FILE   prints that port
 *   canary --ipc KEY QUEUE         makes a SysV segment and a POSIX queue
 *   canary --ipc-remove KEY QUEUE  and removes them
 * The file is mapped at ADDRESS, so a probe that writes to the canary's memory there is seen too. */

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ADDRESS ((void *)0x100000000)
#define WORD 0x6a61696cUL

struct counts {
  volatile unsigned long word, signals, connections, ready, port;
};

static struct counts *counts;

static void on_signal(int number) {
  (void)number;
  counts->signals++;
}

static int listener(const char *name, const char *kind, int type) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  const int length = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "%s-%s", name, kind);
  const int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

  if (fd < 0 ||
      bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) != 0 ||
      (type != SOCK_DGRAM && listen(fd, 16) != 0)) {
    perror(kind);
    exit(2);
  }
  return fd;
}

static int internet(int type, unsigned port) {
  struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons((in_port_t)port)};
  const int fd = socket(AF_INET6, type | SOCK_NONBLOCK, 0);

  if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && (type == SOCK_DGRAM || listen(fd, 64) == 0))
    return fd;
  if (fd >= 0) close(fd);
  return -1;
}

/* One number for TCP and UDP; the kernel's choice for one may be taken for the other. */
static void open_port(int *tcp, int *udp) {
  for (int i = 0; i < 100; i++) {
    struct sockaddr_in6 at;
    socklen_t size = sizeof at;

    *tcp = internet(SOCK_STREAM, 0);
    if (*tcp < 0 || getsockname(*tcp, (struct sockaddr *)&at, &size) != 0) break;
    counts->port = ntohs(at.sin6_port);
    *udp = internet(SOCK_DGRAM, (unsigned)counts->port);
    if (*udp >= 0) return;
    close(*tcp);
  }
  perror("canary: port");
  exit(2);
}

static int make_ipc(const char *key, const char *queue) {
  if (shmget((key_t)strtol(key, NULL, 0), 4096, IPC_CREAT | IPC_EXCL | 0666) < 0 ||
      mq_open(queue, O_CREAT | O_EXCL | O_RDWR, 0666, NULL) == (mqd_t)-1) {
    perror("canary: ipc");
    return 2;
  }
  return 0;
}

static int remove_ipc(const char *key, const char *queue) {
  const int id = shmget((key_t)strtol(key, NULL, 0), 0, 0);

  return id < 0 || shmctl(id, IPC_RMID, NULL) != 0 || mq_unlink(queue) != 0;
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--ipc") == 0) return make_ipc(argv[2], argv[3]);
  if (argc == 4 && strcmp(argv[1], "--ipc-remove") == 0) return remove_ipc(argv[2], argv[3]);
  if (argc != 3) return 2;
  const int ask_port = strcmp(argv[1], "--port") == 0;
  const int report = ask_port || strcmp(argv[1], "--report") == 0;
  const int file = open(argv[report ? 2 : 1], O_RDWR | (report ? 0 : O_CREAT), 0600);
  if (file < 0 || (!report && ftruncate(file, 4096) != 0)) {
    perror("canary: file");
    return 2;
  }
  counts = mmap(ADDRESS, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
  if (counts == MAP_FAILED) {
    perror("canary: map");
    return 2;
  }
  if (ask_port) {
    printf("%lu\n", counts->port);
    return 0;
  }
  if (report) {
    printf("signals %lu\nconnections %lu\nword %#lx\nready %lu\n", counts->signals, counts->connections, counts->word,
           counts->ready);
    return 0;
  }
  counts->word = WORD;
  for (int number = 1; number < NSIG; number++)
    signal(number, on_signal); /* KILL and STOP cannot be caught: their effect is seen */
  int tcp, udp;
  open_port(&tcp, &udp);
  struct pollfd fds[5] = {{.fd = listener(argv[2], "stream", SOCK_STREAM), .events = POLLIN},
                          {.fd = listener(argv[2], "seqpacket", SOCK_SEQPACKET), .events = POLLIN},
                          {.fd = tcp, .events = POLLIN},
                          {.fd = listener(argv[2], "dgram", SOCK_DGRAM), .events = POLLIN},
                          {.fd = udp, .events = POLLIN}};
  counts->ready = 1;
  while (1) {
    char bytes[64];

    if (poll(fds, 5, -1) <= 0) continue;
    for (int i = 0; i < 3; i++) {
      const int client = accept(fds[i].fd, NULL, NULL);

      if (client >= 0) {
        counts->connections++;
        close(client);
      }
    }
    for (int i = 3; i < 5; i++)
      if (recv(fds[i].fd, bytes, sizeof bytes, 0) > 0) counts->connections++;
  }
}
