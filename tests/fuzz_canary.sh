#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: tests/fuzz_canary.sh
#
# The harness finds a planted failure from nothing, and its crash file fails again with the same words, every time.
# DAXRACE_BIN is the directory of the programs (build/fuzz/bin).
set -euo pipefail
bin=${DAXRACE_BIN:-build/fuzz/bin}
canary=$bin/daxrace-fuzz-canary
fuzz=$bin/daxrace-fuzz
readonly crash_status=77 usage_status=2 # libFuzzer's, ours

fail() {
  echo "fuzz_canary: $1" >&2
  exit 1
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/corpus"

# status_of LOG COMMAND...: runs it and prints its exit status.
status_of() {
  local log=$1 status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  echo "$status"
}

# words_of LOG: what a finding says that does not depend on when it was found.
words_of() {
  grep -A 2 '^finding: ' "$1" || true
}

status=$(status_of "$scratch/log" "$canary" --only=planted-failure --stats="$scratch/stats" -seed=1 \
  -max_total_time=30 -artifact_prefix="$scratch/" "$scratch/corpus")
[[ $status == "$crash_status" ]] || fail "exit $status instead of $crash_status: $(tail -n 3 "$scratch/log")"
mapfile -t crashes < <(find "$scratch" -name 'crash-*')
((${#crashes[@]} == 1)) || fail "${#crashes[@]} crash files instead of one"
words=$(words_of "$scratch/log")
[[ $words == 'finding: planted-failure'* ]] || fail "the finding is not the planted one: $words"
grep -q '^DEDUP_TOKEN: planted-failure/' "$scratch/log" || fail "no DEDUP_TOKEN"
grep -q '^executions_to_first_finding [1-9]' "$scratch/stats" || fail "no statistics"
[[ $(head -n 1 "${crashes[0]}") == 'daxrace 1' ]] || fail "the crash file is no program"

for run in 1 2; do
  status=$(status_of "$scratch/log$run" "$canary" --only=planted-failure -artifact_prefix="$scratch/again-" \
    "${crashes[0]}")
  [[ $status == "$crash_status" ]] || fail "run $run of the crash file: exit $status"
  [[ $(words_of "$scratch/log$run") == "$words" ]] || fail "run $run of the crash file says something else"
done

# The failure is the canary's: the fuzzer itself does not know it, and says so before it runs anything.
status=$(status_of "$scratch/log" "$fuzz" --only=planted-failure -runs=0)
[[ $status == "$usage_status" ]] || fail "a wrong option: exit $status instead of $usage_status"
(($(wc -l <"$scratch/log") == 1)) || fail "a wrong option takes more than one line: $(cat "$scratch/log")"

awk '$1 ~ /_to_first_finding$/ { print "fuzz_canary: " $0 }' "$scratch/stats"
