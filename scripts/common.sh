# Sourced by quickstart, test and bench/run: messages, long commands with a sign of life, and an end that cleans up.
# shellcheck shell=bash

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=${0##*/}

say() { printf '%s\n' "$*"; }
# One line on what, where, and what would be right.
die() {
  printf '%s: %s\n' "$program" "$*" >&2
  exit 1
}

# --- The end ---

cleanups=()
child=    # process group of the command that runs now
progress= # file that exists while its progress is shown
# at_exit COMMAND: the last one given is run first, however the script ends (but by SIGKILL).
at_exit() { cleanups+=("$1"); }
run_cleanups() {
  local status=$? i
  trap '' INT TERM HUP
  stop_child
  if [ -n "$progress" ]; then rm -f "$progress"; fi
  for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[$i]}"; done
  exit "$status"
}
stop_child() {
  local i
  [ -n "$child" ] || return 0
  kill -TERM -- "-$child" 2>/dev/null
  for ((i = 0; i < 100; i++)); do
    kill -0 -- "-$child" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL -- "-$child" 2>/dev/null
  child=
}
trap run_cleanups EXIT
trap 'echo "$program: interrupted" >&2; exit 130' INT
trap 'echo "$program: ended by a signal" >&2; exit 143' TERM HUP

# --- Long commands ---

# last_line LOG: what the command in question says it does, in at most 100 columns.
last_line() { tail -n 1 "$1" | tr -d '\r' | cut -c 1-100; }

# Not killed but told: it ends by itself when it looks for its file the next time.
show_progress() {
  local log=$1 start=$SECONDS shown=$SECONDS
  while [ -e "$progress" ] && kill -0 $$ 2>/dev/null; do
    if [ -t 1 ]; then
      printf '\r\033[K  %4d s  %s' "$((SECONDS - start))" "$(last_line "$log")"
    elif ((SECONDS - shown >= 15)); then
      shown=$SECONDS
      printf '  %4d s  %s\n' "$((SECONDS - start))" "$(last_line "$log")"
    fi
    sleep 0.5
  done
}

# run_logged LOG COMMAND...: output to LOG, progress to us; in a process group of its own, so that all of it can be stopped.
# Returns the command's status.
run_logged() {
  local log=$1 ticker status=0
  shift
  mkdir -p "${log%/*}"
  : >"$log"
  progress=$(mktemp)
  show_progress "$log" &
  ticker=$!
  set -m
  # The redirection is the command's alone: a signal's trap runs here, and has something to say.
  "$@" </dev/null >"$log" 2>&1 &
  child=$!
  set +m
  wait "$child" || status=$?
  child=
  rm -f "$progress"
  progress=
  wait "$ticker"
  if [ -t 1 ]; then printf '\r\033[K'; fi
  return "$status"
}

# must_run LOG WHAT COMMAND...: run_logged, or the end with the last lines of the log.
must_run() {
  local log=$1 what=$2
  shift 2
  run_logged "$log" "$@" && return
  tail -n 25 "$log" | sed 's/^/  | /' >&2
  die "$what failed; all of its output: $log"
}

# --- Building ---

jobs=${JOBS:-$(nproc)}

# build DIRECTORY TARGET... -- CMAKE-OPTION...: configures and builds into build/DIRECTORY.
build() {
  local name=$1 targets=()
  shift
  while [ "$1" != -- ]; do
    targets+=("$1")
    shift
  done
  shift
  must_run "$tree/build/log/$name-cmake.log" "configuring build/$name" \
    cmake -S "$tree" -B "$tree/build/$name" -G Ninja "$@"
  must_run "$tree/build/log/$name-build.log" "building build/$name" \
    cmake --build "$tree/build/$name" -j "$jobs" -t "${targets[@]}"
}
