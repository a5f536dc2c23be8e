/* Takes over the anchor of its own jail: own_anchor PID HOW. Traces it, has it execute this program, with the channel
 * to the supervisor as descriptor 3, and says "taken". As the anchor it then does HOW: deaf      reads nothing close
 * closes the channel shutdown  says that it has nothing more to say flood     says 12 bytes of nothing, without end
 *   linger    sends a TCP socket whose last close waits for ten minutes, and goes on as deaf. Before that, as a
 * control, to itself. What came of both is in /tmp/linger: "sent", or errno's name. Exit status 1: the kernel refused,
 * errno's name on standard error. */
#include <arpa/inet.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHANNEL 3

static void fail(void) {
  fprintf(stderr, "%s\n", strerrorname_np(errno));
  exit(1);
}

static int lingering(void) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(20123), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  const struct linger linger = {1, 600};
  static char bytes[65536];

  if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 1) != 0) return -1;
  if (connect(fd, (struct sockaddr *)&at, sizeof at) != 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  return fd;
}

static const char *give(int socket, int fd) {
  char byte = 0;
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof fd)];
  } control = {.header = {.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
  struct iovec part = {&byte, 1};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};

  memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
  return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? strerrorname_np(errno) : "sent";
}

static void tell_linger(void) {
  const int fd = lingering();
  int own[2];
  FILE *out = fopen("/tmp/linger.new", "w");

  if (out == NULL) return;
  if (fd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, own) != 0) {
    fprintf(out, "setup: %s\n", strerrorname_np(errno));
  } else {
    const char *control = give(own[0], fd);
    fprintf(out, "itself %s, channel %s\n", control, give(CHANNEL, fd));
  }
  fclose(out);
  rename("/tmp/linger.new", "/tmp/linger");
}

__attribute__((noreturn)) static void be_anchor(const char *how) {
  const char nothing[12] = {2, 0, 0, 0, -1, -1, -1, -1, 1, 0, 0, 0};

  if (strcmp(how, "close") == 0) close(CHANNEL);
  if (strcmp(how, "shutdown") == 0) shutdown(CHANNEL, SHUT_WR);
  if (strcmp(how, "linger") == 0) tell_linger();
  while (strcmp(how, "flood") == 0) send(CHANNEL, nothing, sizeof nothing, MSG_NOSIGNAL);
  while (1) pause();
}

/* In words at `to` of a stopped process. */
static void put(pid_t pid, unsigned long to, const void *from, size_t size) {
  for (size_t i = 0; i < size; i += sizeof(long)) {
    long word = 0;

    memcpy(&word, (const char *)from + i, size - i < sizeof word ? size - i : sizeof word);
    if (ptrace(PTRACE_POKEDATA, pid, to + i, word) != 0) fail();
  }
}

int main(int argc, char **argv) {
  struct user_regs_struct regs;
  struct iovec set = {&regs, sizeof regs};

  if (argc != 3) return 2;
  if (strcmp(argv[1], "anchor") == 0) be_anchor(argv[2]);
  const pid_t pid = (pid_t)atol(argv[1]);
  if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0) fail();
  if (waitpid(pid, NULL, __WALL) != pid || ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &set) != 0) fail();

  /* It waits in recvmsg(2), so its next instruction lies behind a system call instruction. */
  struct {
    char program[64], first[16], second[16];
    unsigned long arguments[4], environment[1];
  } words = {.first = "anchor"};
  const unsigned long at = (regs.rsp - 4096) & ~63UL;
  if (readlink("/proc/self/exe", words.program, sizeof words.program - 1) < 0) fail();
  strncpy(words.second, argv[2], sizeof words.second - 1);
  words.arguments[0] = at;
  words.arguments[1] = at + sizeof words.program;
  words.arguments[2] = at + sizeof words.program + sizeof words.first;
  put(pid, at, &words, sizeof words);
  regs.orig_rax = -1UL; /* nothing to start again */
  regs.rip -= 2;
  regs.rax = SYS_execve;
  regs.rdi = at;
  regs.rsi = at + ((char *)words.arguments - (char *)&words);
  regs.rdx = at + ((char *)words.environment - (char *)&words);
  if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &set) != 0) fail();
  if (ptrace(PTRACE_DETACH, pid, NULL, NULL) != 0) fail();
  puts("taken");
  return 0;
}
