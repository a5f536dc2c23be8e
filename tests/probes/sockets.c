/* A socket tool for tests in and outside jails: what it does it says in one word.
 *   sockets bind PROTO ADDRESS PORT [OPTION...]   binds and prints "ok" or the name of an errno
 *   sockets connect PROTO ADDRESS PORT            prints "ok", an errno, or ETIMEDOUT after a second (two SYNs)
 *   sockets sendto PROTO ADDRESS PORT             one datagram without connect(2)
 *   sockets listen PROTO                          listen(2) with no bind before; prints the port, then waits
 *   sockets ephemeral PROTO COUNT                 binds port 0 COUNT times, prints each port
 * PROTO: tcp tcp6 udp udp6 mptcp udplite. PORT 0: the kernel's choice.
 * OPTIONs of bind: reuseport, v6only, listen, hold (wait after printing; TCP accepts, UDP receives, and prints "got"
 * each time), name (print the address that getsockname(2) gives instead of ok), uid=N (as that user from before the
 * socket is made). */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct proto {
  const char *name;
  int family, type, protocol;
};
static const struct proto protos[] = {{"tcp", AF_INET, SOCK_STREAM, 0},     {"tcp6", AF_INET6, SOCK_STREAM, 0},
                                      {"udp", AF_INET, SOCK_DGRAM, 0},      {"udp6", AF_INET6, SOCK_DGRAM, 0},
                                      {"mptcp", AF_INET, SOCK_STREAM, 262}, {"udplite", AF_INET, SOCK_DGRAM, 136}};

static int say(const char *what, int error) {
  if (error == 0)
    puts("ok");
  else if (strerrorname_np(error) == NULL)
    printf("%s: %d\n", what, error);
  else
    printf("%s\n", strerrorname_np(error));
  fflush(stdout);
  return error == 0 ? 0 : 1;
}

static const struct proto *proto_of(const char *name) {
  for (size_t i = 0; i < sizeof protos / sizeof protos[0]; i++)
    if (strcmp(protos[i].name, name) == 0) return &protos[i];
  fprintf(stderr, "sockets: protocol %s\n", name);
  exit(2);
}

static int open_socket(const struct proto *proto) {
  const int fd = socket(proto->family, proto->type | SOCK_CLOEXEC, proto->protocol);

  if (fd < 0) exit(say("socket", errno));
  return fd;
}

static socklen_t address_of(const struct proto *proto, const char *text, const char *port,
                            struct sockaddr_storage *to) {
  memset(to, 0, sizeof *to);
  const in_port_t number = htons((in_port_t)atoi(port));
  if (proto->family == AF_INET) {
    struct sockaddr_in *at = (struct sockaddr_in *)to;
    at->sin_family = AF_INET;
    at->sin_port = number;
    if (inet_pton(AF_INET, text, &at->sin_addr) != 1) exit(2);
    return sizeof *at;
  }
  struct sockaddr_in6 *at = (struct sockaddr_in6 *)to;
  at->sin6_family = AF_INET6;
  at->sin6_port = number;
  if (inet_pton(AF_INET6, text, &at->sin6_addr) != 1) exit(2);
  return sizeof *at;
}

static int port_of(int fd) {
  struct sockaddr_storage at;
  socklen_t size = sizeof at;

  if (getsockname(fd, (struct sockaddr *)&at, &size) != 0) return -1;
  return ntohs(at.ss_family == AF_INET ? ((struct sockaddr_in *)&at)->sin_port
                                       : ((struct sockaddr_in6 *)&at)->sin6_port);
}

static void say_name(int fd) {
  struct sockaddr_storage at;
  socklen_t size = sizeof at;
  char text[INET6_ADDRSTRLEN] = "?";

  if (getsockname(fd, (struct sockaddr *)&at, &size) == 0)
    inet_ntop(at.ss_family,
              at.ss_family == AF_INET ? (void *)&((struct sockaddr_in *)&at)->sin_addr
                                      : (void *)&((struct sockaddr_in6 *)&at)->sin6_addr,
              text, sizeof text);
  puts(text);
}

static void serve(const struct proto *proto, int fd) {
  while (1) {
    char bytes[64];
    const ssize_t n = proto->type == SOCK_STREAM ? accept(fd, NULL, NULL) : recv(fd, bytes, sizeof bytes, 0);

    if (n < 0) continue;
    if (proto->type == SOCK_STREAM) close((int)n);
    puts("got");
    fflush(stdout);
  }
}

static int do_bind(int argc, char **argv) {
  const struct proto *proto = proto_of(argv[2]);
  bool reuse = false, only6 = false, listening = false, hold = false, name = false;
  struct sockaddr_storage at;

  for (int i = 5; i < argc; i++) {
    reuse = reuse || strcmp(argv[i], "reuseport") == 0;
    only6 = only6 || strcmp(argv[i], "v6only") == 0;
    listening = listening || strcmp(argv[i], "listen") == 0;
    hold = hold || strcmp(argv[i], "hold") == 0;
    name = name || strcmp(argv[i], "name") == 0;
    if (strncmp(argv[i], "uid=", 4) == 0 &&
        setresuid((uid_t)atoi(argv[i] + 4), (uid_t)atoi(argv[i] + 4), (uid_t)atoi(argv[i] + 4)) != 0)
      return say("setresuid", errno);
  }
  const int fd = open_socket(proto), on = 1, off = 0;
  if (reuse) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (proto->type == SOCK_STREAM) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (proto->family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, only6 ? &on : &off, sizeof on);
  const socklen_t size = address_of(proto, argv[3], argv[4], &at);
  if (bind(fd, (struct sockaddr *)&at, size) != 0) return say("bind", errno);
  if ((listening || hold) && proto->type == SOCK_STREAM && listen(fd, 64) != 0) return say("listen", errno);
  if (name)
    say_name(fd);
  else
    say("bind", 0);
  if (hold) serve(proto, fd);
  return 0;
}

static int do_connect(char **argv) {
  const struct proto *proto = proto_of(argv[2]);
  struct sockaddr_storage at;
  const int fd = open_socket(proto);
  const socklen_t size = address_of(proto, argv[3], argv[4], &at);
  int error = 0;
  socklen_t length = sizeof error;

  fcntl(fd, F_SETFL, O_NONBLOCK);
  if (connect(fd, (struct sockaddr *)&at, size) != 0 && errno != EINPROGRESS) return say("connect", errno);
  if (proto->type == SOCK_DGRAM) return say("send", send(fd, "x", 1, 0) == 1 ? 0 : errno);
  struct pollfd ready = {.fd = fd, .events = POLLOUT};
  const char *slow = getenv("JAILS_TEST_SLOW"); /* the third SYN goes out after three seconds */
  if (poll(&ready, 1, slow != NULL && atoi(slow) > 1 ? 2500 : 1300) != 1) return say("connect", ETIMEDOUT);
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
  return say("connect", error);
}

static int do_sendto(char **argv) {
  const struct proto *proto = proto_of(argv[2]);
  struct sockaddr_storage at;
  const int fd = open_socket(proto);
  const socklen_t size = address_of(proto, argv[3], argv[4], &at);

  return say("sendto", sendto(fd, "x", 1, 0, (struct sockaddr *)&at, size) == 1 ? 0 : errno);
}

static int do_listen(char **argv) {
  const struct proto *proto = proto_of(argv[2]);
  const int fd = open_socket(proto);

  if (listen(fd, 64) != 0) return say("listen", errno);
  printf("%d\n", port_of(fd));
  fflush(stdout);
  serve(proto, fd);
  return 0;
}

static int do_ephemeral(char **argv) {
  const struct proto *proto = proto_of(argv[2]);
  struct sockaddr_storage at;
  const socklen_t size = address_of(proto, proto->family == AF_INET ? "0.0.0.0" : "::", "0", &at);

  for (int i = 0; i < atoi(argv[3]); i++) {
    const int fd = open_socket(proto);

    if (bind(fd, (struct sockaddr *)&at, size) != 0) return say("bind", errno);
    printf("%d\n", port_of(fd));
    if (i % 2 == 0) /* half of them stay, so that others have to be picked */
      close(fd);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc >= 5 && strcmp(argv[1], "bind") == 0) return do_bind(argc, argv);
  if (argc == 5 && strcmp(argv[1], "connect") == 0) return do_connect(argv);
  if (argc == 5 && strcmp(argv[1], "sendto") == 0) return do_sendto(argv);
  if (argc == 3 && strcmp(argv[1], "listen") == 0) return do_listen(argv);
  if (argc == 4 && strcmp(argv[1], "ephemeral") == 0) return do_ephemeral(argv);
  fprintf(stderr, "sockets: wrong arguments\n");
  return 2;
}
