# Sourced after common.sh: Debian packages, and the host that they are for.
# shellcheck shell=bash disable=SC2154 # tree: common.sh

lists_max_age_days=7

# The lists name one package a line, "#" begins a comment.
packages_of() {
  local name
  for name; do
    case $name in
    */*) name=$tree/$name ;;
    *) name=$tree/scripts/dependencies/$name.txt ;;
    esac
    [ -r "$name" ] || die "$name: the list of packages is missing"
    sed 's/#.*//' "$name"
  done | tr -s '[:space:]' '\n' | sed '/^$/d' | sort -u
}

missing_packages() {
  local package
  for package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

have_lists() { [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -print -quit 2>/dev/null)" ]; }
# By the directories: the files bear the time of the server's.
lists_are_fresh() {
  have_lists && [ -n "$(find /var/lib/apt/lists /var/lib/apt/lists/partial -maxdepth 0 -mtime "-$lists_max_age_days" 2>/dev/null)" ]
}

# A package that brings a daemon must not start it. Where the host has a policy of its own, that one holds.
policy=/usr/sbin/policy-rc.d
policy_mark='# put here by jails while it installs packages'
forbid_daemons() {
  if [ -e "$policy" ] && ! grep -qxF "$policy_mark" "$policy"; then return; fi
  at_exit allow_daemons
  printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
  chmod 755 "$policy"
}
allow_daemons() {
  if grep -qsxF "$policy_mark" "$policy"; then rm -f "$policy"; fi
}

apt() {
  run_logged "$tree/build/log/apt.log" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
    apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}
apt_failed() {
  tail -n 15 "$tree/build/log/apt.log" | sed 's/^/  | /' >&2
  die "$1; all of its output: build/log/apt.log"
}

# need_packages LIST...: names of files in scripts/dependencies, or paths in the tree.
need_packages() {
  local wanted missing
  wanted=$(packages_of "$@") || exit 1
  # shellcheck disable=SC2086 # words
  missing=$(missing_packages $wanted)
  [ -n "$missing" ] || return 0
  say "installing $(echo "$missing" | wc -w) Debian packages: $(echo "$missing" | tr '\n' ' ')"
  [ "$(id -u)" = 0 ] || die "installing packages needs root"
  forbid_daemons
  if ! lists_are_fresh; then
    apt update || have_lists || apt_failed "apt-get update failed"
  fi
  # shellcheck disable=SC2086
  apt install --no-install-recommends $missing || {
    apt update || apt_failed "apt-get update failed"
    apt install --no-install-recommends $missing || apt_failed "apt-get install failed"
  }
  allow_daemons
  echo "$missing" >>"$tree/build/log/packages-added"
}

# A Debian that it can be built on, root, a kernel that has what jails stand on (by version here, by trying in `jailctl features`).
check_host() {
  local id version release
  [ "$(uname -s)" = Linux ] || die "this is $(uname -s); jails needs Linux"
  id=$(. /etc/os-release 2>/dev/null && echo "${ID:-}")
  version=$(. /etc/os-release 2>/dev/null && echo "${VERSION_ID:-}")
  case $id-$version in
  debian-12) ;;
  debian-13) die "on Debian 13 jails runs but cannot be built: its libelf.a lacks functions that it calls; build on Debian 12 and copy what cmake --install puts there" ;;
  *) die "this is ${id:-an unknown system} $version; the script knows the packages of Debian 12 (docs/development.md tells how to build elsewhere)" ;;
  esac
  [ "$(id -u)" = 0 ] || die "root is needed: run it as root, or with sudo"
  release=$(uname -r)
  [ "$(printf '%s\n' 6.12 "${release%%[-+]*}" | sort -V | head -n 1)" = 6.12 ] ||
    die "this is Linux $release; jails needs 6.12 or later (Debian 12 has it in bookworm-backports, package linux-image-amd64)"
}
