/* The host's auditing, for tests. `audit get`: "ENABLED FAILURE". `audit hold`: switches it on, says "on", and puts it
 * back as it was at the end of its standard input, which comes also when the test is killed. `audit listen FILE`:
 * appends the texts of Landlock's records until it is killed. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LANDLOCK_ACCESS 1423
#define LANDLOCK_DOMAIN 1424

__attribute__((noreturn)) static void die(const char *what) {
  fprintf(stdout, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static struct audit_status ask(const struct audit_status *set) {
  struct {
    struct nlmsghdr header;
    struct audit_status status;
  } question = {.header = {.nlmsg_type = AUDIT_GET, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = 1}};
  struct {
    struct nlmsghdr header;
    struct audit_status status;
    char room[512];
  } answer = {0};
  const int audit = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

  question.header.nlmsg_len = sizeof question.header;
  if (set) {
    question.header = (struct nlmsghdr){.nlmsg_len = sizeof question,
                                        .nlmsg_type = AUDIT_SET,
                                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                                        .nlmsg_seq = 1};
    question.status = *set;
  }
  if (audit < 0 || send(audit, &question, question.header.nlmsg_len, 0) < 0) die("audit");
  if (recv(audit, &answer, sizeof answer, 0) < 0) die("audit");
  close(audit);
  if (answer.header.nlmsg_type == NLMSG_ERROR) {
    int error;

    memcpy(&error, &answer.status, sizeof error);
    if (error == 0) return answer.status;
    errno = -error;
    die("audit");
  }
  return answer.status;
}

static void set_enabled(unsigned enabled) {
  const struct audit_status status = {.mask = AUDIT_STATUS_ENABLED, .enabled = enabled};

  ask(&status);
}

static int hold(void) {
  const unsigned was = ask(NULL).enabled;
  char byte;

  for (int number = 1; number < 32; number++)
    if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_IGN);
  if (!was) set_enabled(1);
  puts("on");
  fflush(stdout);
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  if (!was) set_enabled(0);
  return 0;
}

__attribute__((noreturn)) static void listen_to(const char *path) {
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int audit = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
  const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1U << (AUDIT_NLGRP_READLOG - 1)};
  static char message[16384];

  if (file < 0 || audit < 0 || bind(audit, (const struct sockaddr *)&address, sizeof address) != 0) die("listen");
  puts("listening");
  fflush(stdout);
  for (;;) {
    const ssize_t size = recv(audit, message, sizeof message - 1, 0);
    struct nlmsghdr header;

    if (size < (ssize_t)sizeof header) continue;
    memcpy(&header, message, sizeof header);
    if (header.nlmsg_type != LANDLOCK_ACCESS && header.nlmsg_type != LANDLOCK_DOMAIN) continue;
    message[size] = '\n';
    if (write(file, message + sizeof header, (size_t)size + 1 - sizeof header) < 0) die("write");
  }
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "get") == 0) {
    const struct audit_status status = ask(NULL);

    printf("%u %u\n", status.enabled, status.failure);
    return 0;
  }
  if (argc == 2 && strcmp(argv[1], "hold") == 0) return hold();
  if (argc == 3 && strcmp(argv[1], "listen") == 0) listen_to(argv[2]);
  fputs("usage: audit get | hold | listen FILE\n", stderr);
  return 2;
}
