/* How large socket buffers get.
 *   buffers ask BYTES   asks for BYTES of both buffers of a UDP socket (0: does not ask), binds it, and prints both
 *   buffers stream MB   sends MB of TCP over loopback to itself, and prints the largest send and receive buffer seen */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int buffer(int fd, int option) {
  int size = -1;
  socklen_t length = sizeof size;

  if (getsockopt(fd, SOL_SOCKET, option, &size, &length) != 0) perror("getsockopt");
  return size;
}

static int on_loopback(int type, struct sockaddr_in *at) {
  socklen_t size = sizeof *at;
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

  memset(at, 0, sizeof *at);
  at->sin_family = AF_INET;
  at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)at, size) != 0 || getsockname(fd, (struct sockaddr *)at, &size) != 0) {
    perror("bind");
    exit(1);
  }
  return fd;
}

static int ask(int bytes) {
  struct sockaddr_in at;
  const int fd = on_loopback(SOCK_DGRAM, &at);

  if (bytes != 0 && (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) != 0 ||
                     setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) != 0))
    perror("setsockopt");
  printf("%d %d\n", buffer(fd, SO_SNDBUF), buffer(fd, SO_RCVBUF));
  return 0;
}

static char text[1 << 20];

static int send_all(const struct sockaddr_in *to, int megabytes) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int most = 0;

  if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to) != 0) return 1;
  for (long left = megabytes * (long)sizeof text; left > 0;) {
    const ssize_t n = send(fd, text, sizeof text, 0);

    if (n <= 0) return 1;
    left -= n;
    if (buffer(fd, SO_SNDBUF) > most) most = buffer(fd, SO_SNDBUF);
  }
  printf("%d ", most);
  fflush(stdout);
  return 0;
}

static int stream(int megabytes) {
  struct sockaddr_in at;
  int most = 0, status = 0;
  const int fd = on_loopback(SOCK_STREAM, &at);

  if (listen(fd, 1) != 0) return 1;
  const pid_t pid = fork();
  if (pid == 0) _exit(send_all(&at, megabytes));
  const int connection = accept(fd, NULL, NULL);
  while (recv(connection, text, sizeof text, 0) > 0)
    if (buffer(connection, SO_RCVBUF) > most) most = buffer(connection, SO_RCVBUF);
  if (waitpid(pid, &status, 0) != pid || status != 0) return 1;
  printf("%d\n", most);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "ask") == 0) return ask(atoi(argv[2]));
  if (argc == 3 && strcmp(argv[1], "stream") == 0) return stream(atoi(argv[2]));
  fprintf(stderr, "buffers: wrong arguments\n");
  return 2;
}
