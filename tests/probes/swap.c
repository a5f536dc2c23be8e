/* Exchanges two names until it is killed, as the neighbour does who races the start of a jail: swap A B. Says "ready"
 * once they have been exchanged. */
#include <fcntl.h>
#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  for (unsigned long times = 0;; times++) {
    if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE) != 0) {
      perror("renameat2");
      return 2;
    }
    if (times == 0) {
      puts("ready");
      fflush(stdout);
    }
  }
}
