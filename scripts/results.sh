# Sourced by test after common.sh: what passed, failed and was skipped, and the closing line.
# shellcheck shell=bash disable=SC2154 # tree: common.sh; out: test

# A line "TIER<tab>RESULT<tab>NAME<tab>REASON" for each test.
results() { echo "$out/results.tsv"; }
record() { # TIER passed|failed|skipped NAME [REASON]
  printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-}" >>"$(results)"
}

tier() { say "== $1: $2"; }

# Says how the lines that were added since line $1 went, skips with their reason.
tell_since() {
  tail -n "+$(($1 + 1))" "$(results)" | awk -F '\t' '
    { count[$2]++ }
    $2 == "failed" { print "  FAILED " $3 ($4 == "" ? "" : ": " $4) }
    $2 == "skipped" { reasons[$4]++; if (reasons[$4] == 1) { order[++n] = $4; first[$4] = $3 } }
    END {
      for (i = 1; i <= n; i++) {
        reason = order[i]; more = reasons[reason] - 1
        print "  skipped " first[reason] (more ? " and " more " more" : "") ": " (reason == "" ? "no reason given" : reason)
      }
      printf "  %d passed, %d failed, %d skipped\n", count["passed"], count["failed"], count["skipped"]
    }'
}
lines_of() { wc -l <"$1"; }

# judge TIER NAME COMMAND...: one test that is a command. Its output is shown when it fails.
judge() {
  local tier=$1 name=$2 log=$out/$1-${2//[^a-zA-Z0-9_-]/_}.log
  shift 2
  if run_logged "$log" "$@"; then
    record "$tier" passed "$name"
  else
    record "$tier" failed "$name" "status $?"
    sed 's/^/  | /' "$log" | tail -n 60
  fi
}

# run_ctest TIER BUILD-DIRECTORY CTEST-ARGUMENT...
run_ctest() {
  local tier=$1 build=$2 before xml=$out/$1.xml
  shift 2
  before=$(lines_of "$(results)")
  rm -f "$xml"
  run_logged "$out/$tier-ctest.log" ctest --test-dir "$build" --output-junit "$xml" --no-tests=error "$@" || true
  if [ -s "$xml" ]; then
    awk -v failures="$out/$tier-failures.txt" -f "$tree/scripts/junit.awk" "$xml" |
      while IFS=$'\t' read -r result name reason; do record "$tier" "$result" "$name" "$reason"; done
  else
    record "$tier" failed ctest "no results: $(last_line "$out/$tier-ctest.log")"
  fi
  if [ -s "$out/$tier-failures.txt" ]; then sed 's/^/  | /' "$out/$tier-failures.txt"; fi
  tell_since "$before"
}

# The closing line; its status says whether nothing failed.
close_results() {
  awk -F '\t' '{ count[$2]++ }
    END { printf "%d passed, %d failed, %d skipped\n", count["passed"], count["failed"], count["skipped"]; exit count["failed"] > 0 }' \
    "$(results)"
}
