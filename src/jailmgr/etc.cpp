#include "jailmgr/etc.h"

#include "base/fd.h"
#include "launch/disk.h"
#include "launch/root.h"
#include "sys/call.h"
#include "sys/copy_tree.h"
#include "sys/file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace jailmgr {

using namespace jails;

namespace {

// The ids that Debian's base-passwd fixes for every system: programs of the base expect these names.
struct User {
  std::string_view name;
  unsigned uid, gid;
  std::string_view home;
};
constexpr User kUsers[] = {
    {"root", 0, 0, "/root"},
    {"daemon", 1, 1, "/usr/sbin"},
    {"bin", 2, 2, "/bin"},
    {"sys", 3, 3, "/dev"},
    {"sync", 4, 65534, "/bin"},
    {"games", 5, 60, "/usr/games"},
    {"man", 6, 12, "/var/cache/man"},
    {"lp", 7, 7, "/var/spool/lpd"},
    {"mail", 8, 8, "/var/mail"},
    {"news", 9, 9, "/var/spool/news"},
    {"uucp", 10, 10, "/var/spool/uucp"},
    {"proxy", 13, 13, "/bin"},
    {"www-data", 33, 33, "/var/www"},
    {"backup", 34, 34, "/var/backups"},
    {"list", 38, 38, "/var/list"},
    {"irc", 39, 39, "/run/ircd"},
    {"_apt", 42, 65534, "/nonexistent"},
    {"nobody", 65534, 65534, "/nonexistent"},
};
struct Group {
  std::string_view name;
  unsigned gid;
};
constexpr unsigned kShadowGid = 42;
constexpr Group kGroups[] = {
    {"root", 0},    {"daemon", 1},      {"bin", 2},      {"sys", 3},      {"adm", 4},    {"tty", 5},
    {"disk", 6},    {"lp", 7},          {"mail", 8},     {"news", 9},     {"uucp", 10},  {"man", 12},
    {"proxy", 13},  {"kmem", 15},       {"dialout", 20}, {"fax", 21},     {"voice", 22}, {"cdrom", 24},
    {"floppy", 25}, {"tape", 26},       {"sudo", 27},    {"audio", 29},   {"dip", 30},   {"www-data", 33},
    {"backup", 34}, {"operator", 37},   {"list", 38},    {"irc", 39},     {"src", 40},   {"shadow", kShadowGid},
    {"utmp", 43},   {"video", 44},      {"sasl", 45},    {"plugdev", 46}, {"staff", 50}, {"games", 60},
    {"users", 100}, {"nogroup", 65534},
};

// Without these, programs of the base fail or behave oddly: name service, dynamic linker, time zone, trusted
// certificates, the links below /etc that /usr/bin goes through, tables of names.
constexpr const char *kCopied[] = {
    "nsswitch.conf",   "host.conf",    "gai.conf",     "networks",
    "services",        "protocols",    "rpc",          "ethertypes",
    "mime.types",      "ld.so.cache",  "ld.so.conf",   "ld.so.conf.d",
    "localtime",       "timezone",     "alternatives", "ca-certificates.conf",
    "ca-certificates", "profile",      "bash.bashrc",  "inputrc",
    "shells",          "login.defs",   "os-release",   "debian_version",
    "terminfo",        "magic",        "python3",      "python3.9",
    "python3.11",      "python3.12",   "python3.13",   "perl",
    "lsb-release",     "locale.alias", "locale.conf",
};

Status put(int dir, const char *name, std::string_view text, mode_t mode, gid_t group = 0) {
  const Fd fd(openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return fail_errno(name);
  if (fchown(fd.get(), 0, group) != 0 || fchmod(fd.get(), mode) != 0) return fail_errno(name);
  return {};
}

std::string hostname_text(const std::string &hostname) { return hostname + "\n"; }

// The network stack is the host's: so is what localhost means.
std::string hosts_text(const std::string &hostname) {
  return fmt::format("127.0.0.1 localhost {0}\n::1 localhost ip6-localhost ip6-loopback {0}\n", hostname);
}

Status replace_if(int etc, const char *name, const std::string &old, const std::string &fresh) {
  constexpr const char *kFresh = ".jailmgr-new";
  const Fd file(openat(etc, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat st{};
  if (!file || fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode)) return {};
  const auto text = sys::read_all(file.get(), old.size());
  if (!text || *text != old) return {};
  if (unlinkat(etc, kFresh, 0) != 0 && errno != ENOENT) return fail_errno(kFresh);
  TRY(put(etc, kFresh, fresh, 0644));
  if (renameat(etc, kFresh, etc, name) != 0) return fail_errno(name);
  return {};
}

Status seed_users(int etc) {
  std::string passwd, shadow, groups, gshadow;
  for (const auto &user : kUsers) {
    const std::string_view shell = user.uid == 0 ? "/bin/sh" : "/usr/sbin/nologin";
    passwd += fmt::format("{0}:x:{1}:{2}:{0}:{3}:{4}\n", user.name, user.uid, user.gid, user.home, shell);
    shadow += fmt::format("{}:*::0:99999:7:::\n", user.name); // no password opens it
  }
  for (const auto &group : kGroups) {
    groups += fmt::format("{}:x:{}:\n", group.name, group.gid);
    gshadow += fmt::format("{}:*::\n", group.name);
  }
  TRY(put(etc, "passwd", passwd, 0644));
  TRY(put(etc, "group", groups, 0644));
  TRY(put(etc, "shadow", shadow, 0640, kShadowGid));
  return put(etc, "gshadow", gshadow, 0640, kShadowGid);
}

// Certificates that everybody may read; /etc/ssl/private stays where it is.
Status seed_certificates(int from, int etc) {
  if (faccessat(from, "ssl", F_OK, 0) != 0) return {};
  if (mkdirat(etc, "ssl", 0755) != 0) return fail_errno("ssl");
  const Fd theirs(openat(from, "ssl", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Fd ours(openat(etc, "ssl", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!theirs || !ours) return fail_errno("ssl");
  TRY(sys::copy_if_there(theirs.get(), "certs", ours.get(), "certs"));
  TRY(sys::copy_if_there(theirs.get(), "openssl.cnf", ours.get(), "openssl.cnf"));
  return {};
}

} // namespace

Status seed_etc(int etc, const std::string &source, const std::string &hostname) {
  const Fd from(open(source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!from) return fail_errno(source);
  TRY(seed_users(etc));
  TRY(put(etc, "hostname", hostname_text(hostname), 0644));
  TRY(put(etc, "hosts", hosts_text(hostname), 0644));
  TRY(put(etc, "fstab", "", 0644));
  // Content, not link: it often points into /run, where the jail has nothing.
  constexpr size_t kMax = 1U << 20U;
  const auto resolver = sys::read_file_at(from.get(), "resolv.conf", kMax);
  if (resolver)
    TRY(put(etc, "resolv.conf", *resolver, 0644));
  else if (resolver.error().kind() != ErrorKind::NotFound)
    return std::unexpected(resolver.error());
  for (const char *name : kCopied) TRY(sys::copy_if_there(from.get(), name, etc, name));
  if (faccessat(etc, "mtab", F_OK, AT_SYMLINK_NOFOLLOW) != 0 && symlinkat("/proc/self/mounts", etc, "mtab") != 0)
    return fail_errno("mtab");
  return seed_certificates(from.get(), etc);
}

Status rename_host(const std::string &jail_dir, const std::string &from, const std::string &to) {
  const std::string image = jail_dir + "/disk.img";
  const bool in_image = access(image.c_str(), F_OK) == 0;
  const Fd root = in_image ? TRY(launch::mount_image(image, 0)) : TRY(launch::open_root(jail_dir + "/root"));
  const auto etc = sys::open_at(root.get(), "etc", O_RDONLY | O_DIRECTORY,
                                RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (!etc) return {}; // the jail has another idea of it
  TRY_IN("/etc", replace_if(etc->get(), "hostname", hostname_text(from), hostname_text(to)));
  TRY_IN("/etc", replace_if(etc->get(), "hosts", hosts_text(from), hosts_text(to)));
  if (in_image && syncfs(etc->get()) != 0) return fail_errno(image);
  return {};
}

} // namespace jailmgr
