# What system tests are made of. A test is a bash script that begins with `. "$TEST_LIB"`; run-test starts it with
#   JAIL_INSTANCE  an instance of its own, the model loaded      PATH  with the jailctl under test first
#   SCRATCH        an empty directory, its working directory     ROOTS where roots of jails may be
# The first command that fails ends the test, naming its line. That a command fails is asserted with expect_status or
# expect_error: `! command` is true for `set -e` whatever the command does.
set -Eeuo pipefail
shopt -s inherit_errexit

trap 'echo "$TEST_NAME:$LINENO: failed: $BASH_COMMAND" >&2' ERR

fail() {
  local i
  printf '%s:%s: %s\n' "$TEST_NAME" "$(caller_line)" "$*" >&2
  trap - ERR
  exit 1
}
# The innermost line of the test itself.
caller_line() {
  local i
  for i in "${!BASH_SOURCE[@]}"; do
    if [ "${BASH_SOURCE[$i]}" != "${BASH_SOURCE[0]}" ]; then echo "${BASH_LINENO[$((i - 1))]}"; return; fi
  done
}
skip() {
  echo "$TEST_NAME: SKIP: $*"
  exit 77
}
note() { echo "$TEST_NAME: $*"; }
step() { CURRENT_STEP=$*; [ -z "${JAILS_TEST_VERBOSE:-}" ] || echo "-- $*"; }

# --- Running and expecting ---------------------------------------------------------------------------------------------

# capture CMD...: status in $STATUS, streams in $OUT and $ERR (without the last newlines) and in $SCRATCH/out, err.
# Standard input comes from $STDIN (default /dev/null).
capture() {
  STATUS=0
  "$@" >"$SCRATCH/out" 2>"$SCRATCH/err" <"${STDIN:-/dev/null}" || STATUS=$?
  # A NUL cannot stand in a variable of the shell.
  OUT=$(tr '\0' '@' <"$SCRATCH/out")
  ERR=$(tr '\0' '@' <"$SCRATCH/err")
}
complain() {
  printf '  command: %s\n  status:  %s\n  stdout:  %s\n  stderr:  %s\n' "$RAN" "$STATUS" "${OUT:0:1000}" "${ERR:0:1000}" >&2
  fail "$1"
}
ran() { RAN=$(printf '%q ' "$@"); }

# expect_status N CMD...
expect_status() {
  local wanted=$1
  shift
  ran "$@"
  capture "$@"
  [ "$STATUS" = "$wanted" ] || complain "expected exit status $wanted"
}

# expect_output TEXT CMD...: exit status 0, TEXT on stdout, nothing on stderr.
expect_output() {
  local wanted=$1
  shift
  expect_status 0 "$@"
  [ "$OUT" = "$wanted" ] || complain "expected stdout '$wanted'"
  [ -z "$ERR" ] || complain "expected no stderr"
}

# expect_match REGEX CMD...: exit status 0, all of stdout matches the extended regular expression.
expect_match() {
  local wanted=$1
  shift
  expect_status 0 "$@"
  [[ $OUT =~ ^($wanted)$ ]] || complain "expected stdout to match '$wanted'"
}

# expect_error STATUS LINE CMD...: nothing on stdout, exactly LINE on stderr.
expect_error() {
  local wanted=$1 line=$2
  shift 2
  expect_status "$wanted" "$@"
  [ -z "$OUT" ] || complain "expected nothing on stdout"
  [ "$ERR" = "$line" ] || complain "expected the error '$line'"
  [ "$(wc -l <"$SCRATCH/err")" = 1 ] || complain "expected one line that ends with a newline on stderr"
}

# expect_error_match STATUS REGEX CMD...: the same where a part is not known beforehand; one line, too.
expect_error_match() {
  local wanted=$1 line=$2
  shift 2
  expect_status "$wanted" "$@"
  [ -z "$OUT" ] || complain "expected nothing on stdout"
  [[ $ERR =~ ^($line)$ ]] || complain "expected an error that matches '$line'"
  [ "$(wc -l <"$SCRATCH/err")" = 1 ] || complain "expected one line on stderr"
}

# expect_failure CMD...: any exit status but 0.
expect_failure() {
  ran "$@"
  capture "$@"
  [ "$STATUS" != 0 ] || complain "expected a failure"
}

# equal WHAT GOT WANTED
equal() { [ "$2" = "$3" ] || fail "$1: '$2', expected '$3'"; }
# matches WHAT GOT REGEX
matches() { [[ $2 =~ $3 ]] || fail "$1: '$2', expected to match '$3'"; }
absent() {
  local path
  for path; do
    if [ -e "$path" ]; then fail "$path is there"; fi
  done
}

# seconds N: N, scaled for a slow machine.
seconds() { echo $(($1 * JAILS_TEST_SLOW)); }

# wait_for SECONDS CMD...: until CMD succeeds. The time is scaled.
wait_for() {
  local deadline=$((SECONDS + $1 * JAILS_TEST_SLOW + 1))
  shift
  # In a subshell: an assertion that does not hold yet ends that, and not the test.
  until ("$@") >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$deadline" ]; then fail "waited in vain for: $*"; fi
    sleep 0.02
  done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
is_zombie_or_gone() { ! grep -q '^State:[[:space:]]*[^Z]' "/proc/$1/status" 2>/dev/null; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }

# --- Jails -------------------------------------------------------------------------------------------------------------

# Below a directory that is closed to everyone else, as the tools demand.
mkdir -p -m 0700 "$ROOTS"

# make_root NAME: a root of busybox alone; sets ROOT.
make_root() {
  ROOT=$ROOTS/$1
  if [ -d "$ROOT" ]; then return; fi
  mkdir -p "$ROOT/bin" "$ROOT/etc" "$ROOT/tmp" "$ROOT/root" "$ROOT/home/user"
  chmod 1777 "$ROOT/tmp"
  chown 1000:1000 "$ROOT/home/user"
  cp "$(command -v busybox)" "$ROOT/bin/busybox"
  chroot "$ROOT" /bin/busybox --install -s /bin
  printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:A user:/home/user:/bin/sh\n' >"$ROOT/etc/passwd"
  printf 'root:x:0:\nuser:x:1000:\nextra:x:2000:user\n' >"$ROOT/etc/group"
}

# new_jail NAME [option...]: a root and a jail; sets ROOT and JID.
new_jail() {
  local name=$1
  shift
  make_root "$name"
  expect_match 'jail [1-9][0-9]*' jailctl create "$@" -n "$name" "$ROOT"
  JID=${OUT#jail }
}
end_jail() {
  local name
  for name; do
    jailctl stop "$name" 2>/dev/null || true # it need not run
    jailctl destroy "$name"
  done
}

# jail_field NAME COLUMN: of `jailctl list -T`.
jail_field() {
  jailctl list -T | awk -F '\t' -v name="$1" -v column="$2" '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; if (!(column in at)) exit 1; next }
    $at["NAME"] == name { print $at[column]; found = 1 }
    END { exit !found }'
}
jail_exists() { jail_field "$1" ID >/dev/null; }

# Are the BPF LSM programs loaded? Only where the kernel takes them.
has_second_line() { [ -e "/sys/fs/bpf/jail-$JAIL_INSTANCE/links/lsm_kill" ]; }

# Host pids of a jail's processes, the anchor included.
members() { cat "$V2/jail-$JAIL_INSTANCE/$1/cgroup.procs" 2>/dev/null; }
anchor_of() {
  local pid
  for pid in $(members "$1"); do
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = jail-anchor ]; then echo "$pid"; return; fi
  done
  return 1
}
# The parent of everything in the jail.
supervisor_of() { awk '$1 == "PPid:" { print $2 }' "/proc/$(anchor_of "$1")/status"; }
workload_of() {
  local pid anchor supervisor
  anchor=$(anchor_of "$1")
  supervisor=$(supervisor_of "$1")
  for pid in $(members "$1"); do
    if [ "$pid" != "$anchor" ] && [ "$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status")" = "$supervisor" ]; then
      echo "$pid"
      return
    fi
  done
  return 1
}
# The host pid of the supervised command, as the supervisor has it ("-": none): checks, hooks and orphans of the jail are
# its children as well.
command_of() { jailctl show "$1" | awk '$1 == "workload" { print $2 }'; }
# The host pid of the member whose command line is TEXT.
member_with() { # JAIL TEXT
  local pid
  for pid in $(members "$1"); do
    if [ "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" = "$2 " ]; then echo "$pid"; return; fi
  done
  return 1
}
log_of() { echo "/var/log/jail-$JAIL_INSTANCE/$1.log"; }
logged() { grep -qE -- "$2" "$(log_of "$1")"; }
# No process, cgroup or state of a jail that does not run, registered or not.
nothing_runs() {
  local dir
  for dir in "$V2/jail-$JAIL_INSTANCE/$1" /sys/fs/cgroup/*/"jail-$JAIL_INSTANCE/$1"; do absent "$dir"; done
  absent "/run/jail-$JAIL_INSTANCE/$1/control" "/run/jail-$JAIL_INSTANCE/$1/supervisor.lock"
}
nothing_of() {
  nothing_runs "$1"
  absent "/run/jail-$JAIL_INSTANCE/$1" "/run/jail-$JAIL_INSTANCE/$1.lock"
  if jail_exists "$1"; then fail "jail $1 is registered"; fi
}

# A process of the host that counts what reaches it, in $reports/NAME; its abstract sockets are $abstract-NAME-stream and so on.
# start_canary NAME SETPRIV-OPTION...: sets CANARY. In a session of its own: a signal to its group must not be one to the test.
start_canary() {
  local name=$1
  shift
  : >"$reports/$name"
  chmod 666 "$reports/$name"
  setsid setpriv "$@" "$JAILS_PROBES/canary" "$reports/$name" "$abstract-$name" &
  CANARY=$!
  wait_for 10 eval "'$JAILS_PROBES/canary' --report '$reports/$name' | grep -q '^ready 1'"
}
# check_canary WHAT NAME: nothing reached it.
check_canary() {
  equal "$1: what reached the $2 canary" "$("$JAILS_PROBES/canary" --report "$reports/$2" | tr '\n' ' ')" \
    "signals 0 connections 0 word 0x6a61696c ready 1 "
}

# --- Ports -------------------------------------------------------------------------------------------------------------

# Sets PORT to one that nobody uses, below the ports that the kernel hands out by itself. run-test looks afterwards whether
# it is free again.
free_port() {
  local hex reserved
  while true; do
    PORT=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    hex=$(printf ':%04X ' "$PORT")
    if grep -q "$hex" /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6; then continue; fi
    reserved=,$(tr '\t' ',' </proc/sys/net/ipv4/ip_local_reserved_ports),
    case $reserved in *",$PORT,"* | *",$PORT-"* | *"-$PORT,"*) continue ;; esac
    if grep -qx "$PORT" "$SCRATCH/ports" 2>/dev/null; then continue; fi
    echo "$PORT" >>"$SCRATCH/ports"
    return
  done
}

need() {
  local program
  for program; do
    command -v "$program" >/dev/null || skip "needs $program"
  done
}
# In a shared directory of the jail /probes, with --mount.
need_probes() { [ -x "$JAILS_PROBES/sockets" ] || skip "no probes in $JAILS_PROBES (build the tests, or set JAILS_PROBES)"; }
