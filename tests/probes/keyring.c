/* Keyrings belong to a uid, which the jail shares with the host. */
#include "probe.h"

int main(int argc, char **argv) {
  probe_begin(argc, argv);
  refused("add_key", syscall(SYS_add_key, BAD_POINTER, BAD_POINTER, NULL, 0, -4 /* the user's keyring */), EPERM,
          ENOSYS);
  refused("request_key", syscall(SYS_request_key, BAD_POINTER, BAD_POINTER, NULL, 0), EPERM, ENOSYS);
  refused("keyctl", syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -4, 0), EPERM, ENOSYS);
  refused("keyctl of an unknown kind", syscall(SYS_keyctl, 9999, 0, 0), EPERM, ENOSYS);
  return probe_end();
}
