#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What a worker of a campaign hides from libFuzzer, since nothing in it is new, changes nothing in what is kept.
set -uo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
runs=20000
[[ -z ${DAXRACE_SLOW:-} ]] || runs=5000
# LeakSanitizer runs an input again where the heap has grown, and the averages that mutations go by count it.
# work NAME OPTIONS...
work() {
  local name=$1
  shift
  mkdir -p "$scratch/$name/corpus" "$scratch/$name/findings"
  "$DAXRACE_BIN/daxrace-fuzz" --kernel=v4.10 -reduce_inputs=0 "$@" -detect_leaks=0 -reload=0 -runs=$runs -seed=3 -verbosity=0 \
    -artifact_prefix="$scratch/$name/findings/" "$scratch/$name/corpus" >"$scratch/$name/log" 2>&1 ||
    { echo "$name: exit $?"; tail -n 3 "$scratch/$name/log"; failed=1; }
}
work plain --keep-going
work campaign --campaign="$scratch/campaign/findings"
# Reducing needs what is hidden: where it does nothing, something was.
work hidden --campaign="$scratch/hidden/findings" -reduce_inputs=1
work reduced --keep-going -reduce_inputs=1
kept=$(find "$scratch/plain/corpus" -type f | wc -l)
((kept > 500)) || { echo "$kept inputs kept by $runs executions"; failed=1; }
diff -rq "$scratch/plain/corpus" "$scratch/campaign/corpus" >"$scratch/diff" ||
  { echo "a campaign's worker keeps other inputs:"; head -n 3 "$scratch/diff"; failed=1; }
diff -rq "$scratch/campaign/corpus" "$scratch/hidden/corpus" >"$scratch/diff" ||
  { echo "libFuzzer saw what was not new:"; head -n 3 "$scratch/diff"; failed=1; }
! diff -rq "$scratch/plain/corpus" "$scratch/reduced/corpus" >"$scratch/diff" ||
  { echo "-reduce_inputs=1 changes nothing, so the test before this one says nothing"; failed=1; }
exit $failed
