/* What the probes are made of. A probe tries one kind of forbidden act and exits with
 *   0  every act was refused as required
 *   1  an act got past the guard (named on stdout)
 *   2  it could not be tried: the setup failed
 * With --control the acts must get past: 0 every one did, 1 one was refused, so that the probe proves nothing, 2 as
 * above. An act that this kernel does not have at all is printed as vacuous there; a control of nothing but those exits
 * with 77.
 *
 * Arguments are chosen so that an act does nothing when it is not refused, wherever there is a choice: the unblocked
 * call gives EBADF, EFAULT or EINVAL, the blocked one EPERM or ENOSYS. What the probes are to act on comes in the
 * environment, see isolation.test. */
#ifndef TESTS_PROBES_PROBE_H
#define TESTS_PROBES_PROBE_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAD_POINTER ((void *)1)

static bool probe_control;
static int probe_refused, probe_reached, probe_vacuous;

static inline void probe_begin(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  probe_control = argc > 1 && strcmp(argv[1], "--control") == 0;
}

__attribute__((noreturn, format(printf, 1, 2))) static inline void setup_failed(const char *format, ...) {
  const int error = errno;
  va_list arguments;

  va_start(arguments, format);
  fputs("setup: ", stdout);
  vprintf(format, arguments);
  printf(" (%s)\n", strerror(error));
  va_end(arguments);
  exit(2);
}

static inline void got_past(const char *act, const char *how) {
  probe_reached++;
  printf("%s %s: %s\n", probe_control ? "reached" : "BREACH", act, how);
}

/* `rc` is what the system call returned, with errno. It counts as refused with one of two errors (0: none), and with
 * anything else as past the guard. */
static inline void refused(const char *act, long rc, int error, int or_error) {
  const int got = rc == -1 ? errno : 0;

  if (got == 0 || (got != error && got != or_error)) {
    got_past(act, got == 0 ? "succeeded" : strerror(got));
    return;
  }
  if (probe_control && got != EPERM && got != EACCES) {
    probe_vacuous++;
    printf("vacuous %s: %s\n", act, strerror(got));
    return;
  }
  probe_refused++;
  printf("%s %s: %s\n", probe_control ? "REFUSED" : "refused", act, strerror(got));
}

/* Where no errno tells: did the act get past? */
static inline void judge(const char *act, bool past) {
  if (past) {
    got_past(act, "succeeded");
    return;
  }
  probe_refused++;
  printf("%s %s\n", probe_control ? "REFUSED" : "refused", act);
}

static inline int probe_end(void) {
  if (probe_refused + probe_reached + probe_vacuous == 0) {
    puts("setup: nothing was tried");
    return 2;
  }
  if (!probe_control) return probe_reached != 0;
  if (probe_refused != 0) return 1;
  return probe_reached != 0 ? 0 : 77;
}

/* A variable of the environment that must be there. */
static inline const char *wanted(const char *name) {
  const char *value = getenv(name);

  if (value == NULL || *value == 0) {
    errno = ENOENT;
    setup_failed("$%s", name);
  }
  return value;
}

/* The next pid of a list separated by blanks; 0 at its end. */
static inline int next_pid(const char **list) {
  char *end;
  const long pid = strtol(*list, &end, 10);

  *list = end;
  return (int)pid;
}

static inline const char *numbered(const char *act, int number) {
  static char text[128];

  snprintf(text, sizeof text, "%s %d", act, number);
  return text;
}

/* Runs `act` in a child, for acts that would change the caller: its return value, with errno. */
static inline long in_child(long (*act)(void *), void *argument) {
  int status;
  const pid_t pid = fork();

  if (pid < 0) setup_failed("fork");
  if (pid == 0) _exit(act(argument) == -1 ? errno : 0);
  if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
    errno = WIFSIGNALED(status) ? EINTR : ECHILD;
    setup_failed("child");
  }
  errno = WEXITSTATUS(status);
  return errno == 0 ? 0 : -1;
}

#endif
