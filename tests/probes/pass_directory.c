/* Two who are confined apart and share a directory: one hands the other a descriptor of its own root, and the other
 * climbs from there.
 *   pass_directory serve SOCKET      hands out its root, once
 *   pass_directory climb SOCKET FILE...
 * `climb` goes up from what it was given and looks for each FILE, a path without the first slash, on every level: it
 * prints "found FILE" or "not found FILE", and exits with 0 if the descriptor came and could be climbed from, 1 if none
 * came or it could not be entered. 2: the setup failed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

union control {
  struct cmsghdr header;
  char space[CMSG_SPACE(sizeof(int))];
};

static int setup_failed(const char *what) {
  perror(what);
  return 2;
}

static int send_root(int to) {
  const int root = open("/", O_RDONLY | O_DIRECTORY);
  char byte = 'd';
  struct iovec part = {&byte, 1};
  union control control = {0};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);

  if (root < 0) return setup_failed("/");
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof root);
  memcpy(CMSG_DATA(header), &root, sizeof root);
  return sendmsg(to, &message, 0) == 1 ? 0 : setup_failed("sendmsg");
}

static int receive(int from) {
  char byte;
  struct iovec part = {&byte, 1};
  union control control = {0};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  int fd = -1;

  if (recvmsg(from, &message, 0) != 1) return -1;
  const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header != NULL && header->cmsg_type == SCM_RIGHTS) memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

static int climb(int directory, char **files) {
  if (fchdir(directory) != 0) {
    perror("fchdir");
    return 1;
  }
  for (; *files != NULL; files++) {
    int found = 0;

    if (fchdir(directory) != 0) return 1;
    for (int level = 0; level < 64 && !found; level++) {
      found = access(*files, F_OK) == 0;
      if (chdir("..") != 0) break;
    }
    printf("%s %s\n", found ? "found" : "not found", *files);
  }
  return 0;
}

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

  if (argc < 3 || fd < 0 || strlen(argv[2]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, argv[2]);
  if (strcmp(argv[1], "serve") == 0) {
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return setup_failed("bind");
    if (listen(fd, 1) != 0) return setup_failed("listen");
    const int connection = accept(fd, NULL, NULL);
    return connection < 0 ? setup_failed("accept") : send_root(connection);
  }
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    perror("connect");
    return 1;
  }
  const int directory = receive(fd);
  if (directory < 0) return 1;
  return climb(directory, argv + 3);
}
