/* The capability sets, no_new_privs and the seccomp mode are exactly the profile's. PROFILE: its number. */
#include "probe.h"

#include "abi/capability_policy.h"

#include <linux/seccomp.h>
#include <sys/prctl.h>

static void is(const char *what, unsigned long long got, unsigned long long right) {
  printf("%s: %#llx, must be %#llx\n", what, got, right);
  judge(what, got != right);
}

int main(int argc, char **argv) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  unsigned long long bounding = 0, ambient = 0;

  probe_begin(argc, argv);
  const unsigned profile = (unsigned)atoi(wanted("PROFILE"));
  const unsigned long long permissions = sj_profile_permissions(profile);
  const unsigned long long mask = sj_capabilities(profile, permissions, 0);
  const unsigned long long has = getuid() == 0 ? mask : 0;
  if (syscall(SYS_capget, &header, data) != 0) setup_failed("capget");
  for (int cap = 0; cap < 64; cap++) {
    if (prctl(PR_CAPBSET_READ, cap) == 1) bounding |= 1ULL << cap;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1) ambient |= 1ULL << cap;
  }
  is("bounding set", bounding, mask);
  is("permitted set", (unsigned long long)data[1].permitted << 32 | data[0].permitted, has);
  is("effective set", (unsigned long long)data[1].effective << 32 | data[0].effective, has);
  is("inheritable set", (unsigned long long)data[1].inheritable << 32 | data[0].inheritable, 0);
  is("ambient set", ambient, 0);
  is("no_new_privs", (unsigned long long)prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), sj_no_new_privs(permissions) ? 1 : 0);
  is("seccomp mode", (unsigned long long)prctl(PR_GET_SECCOMP), SECCOMP_MODE_FILTER);
  /* All of them asked for: none may come back. */
  data[0].permitted = data[0].effective = data[1].permitted = data[1].effective = ~0U;
  header.pid = 0;
  refused("capset of all", syscall(SYS_capset, &header, data), EPERM, 0);
  return probe_end();
}
