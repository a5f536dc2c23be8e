/* What `jailctl ps` and `jailctl sockets` should see. Prints "ready" and waits.
 *   views zombie            a child that nobody waits for
 *   views threads N         N threads
 *   views sockets PORT DIR  TCP and UDP on PORT; in DIR a stream listener "stream" with a caller that is not accepted
 * and a datagram socket "dgram"; an abstract name with an escape sequence. The first TCP connection is filled with what
 * nobody reads, and closed; what comes after it is not accepted. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void need(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static int ready(void) {
  puts("ready");
  fflush(stdout);
  pause();
  return 0;
}

static void *sleeper(void *unused) {
  pause(); /* no handler: it does not come back */
  return unused;
}

static int unix_socket(int type, const char *name, size_t length, int listens) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, type, 0);
  memcpy(at.sun_path, name, length);
  need(fd >= 0 && bind(fd, (struct sockaddr *)&at, (socklen_t)(sizeof(sa_family_t) + length)) == 0, "unix bind");
  need(!listens || listen(fd, 5) == 0, "unix listen");
  return fd;
}

static int inet_socket(int type, int port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int one = 1, fd = socket(AF_INET, type, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  need(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0, "bind");
  return fd;
}

static int sockets(int port, const char *dir) {
  static const char abstract[] = "\0odd\033[31m\n";
  static char much[1 << 20];
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  char path[64];
  int tcp = inet_socket(SOCK_STREAM, port), caller, first;

  need(listen(tcp, 5) == 0, "listen");
  inet_socket(SOCK_DGRAM, port);
  snprintf(path, sizeof path, "%s/dgram", dir);
  unix_socket(SOCK_DGRAM, path, strlen(path), 0);
  snprintf(path, sizeof path, "%s/stream", dir);
  unix_socket(SOCK_STREAM, path, strlen(path), 1);
  unix_socket(SOCK_SEQPACKET, abstract, sizeof abstract - 1, 1);
  caller = socket(AF_UNIX, SOCK_STREAM, 0);
  strcpy(to.sun_path, path);
  need(connect(caller, (struct sockaddr *)&to, sizeof to) == 0, "connect");
  puts("listening");
  fflush(stdout);
  first = accept(tcp, NULL, NULL);
  need(first >= 0, "accept");
  while (send(first, much, sizeof much, MSG_DONTWAIT) > 0) continue;
  close(first);
  return ready();
}

int main(int argc, char **argv) {
  pthread_t thread;
  if (argc > 1 && strcmp(argv[1], "zombie") == 0) {
    if (fork() == 0) _exit(0);
    return ready();
  }
  if (argc > 2 && strcmp(argv[1], "threads") == 0) {
    for (int i = 1; i < atoi(argv[2]); i++) need(pthread_create(&thread, NULL, sleeper, NULL) == 0, "thread");
    return ready();
  }
  if (argc > 3 && strcmp(argv[1], "sockets") == 0) return sockets(atoi(argv[2]), argv[3]);
  return 2;
}
