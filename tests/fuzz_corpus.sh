#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `daxrace corpus`: import repairs and is the same twice, check tells garbage, merge adds, prune keeps what covers, a
# deadline that comes first changes nothing.
set -uo pipefail
daxrace=$DAXRACE_BIN/daxrace
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
# expect STATUS PART ARGUMENTS...
expect() {
  local wanted=$1 part=$2 status=0
  shift 2
  "$daxrace" corpus "$@" >"$scratch/log" 2>&1 </dev/null || status=$?
  if ((status != wanted)) || ! grep -qF -- "$part" "$scratch/log"; then
    echo "corpus $*: exit $status, wanted $wanted and: $part"
    tail -n 3 "$scratch/log"
    failed=1
  fi
}
# digest DIR
digest() {
  (cd "$1" && find . -type f -exec md5sum {} + | sort | md5sum)
}

scenarios=$DAXRACE_SOURCE/scenarios
files=$(find "$scenarios" -maxdepth 1 -name '*.dax' | wc -l)
expect 0 ", 1 no programs" import "$scratch/a" "$scenarios"
# Two scenarios may differ in their words only.
total=$(find "$scratch/a" -type f | wc -l)
((total > files / 2 && total <= files)) || { echo "$total of $files scenarios imported"; failed=1; }
expect 0 "0 imported, $files there already" import "$scratch/a" "$scenarios"
expect 0 "$total valid, 0 that can be repaired, 0 that are no programs" check "$scratch/a"
head -c 500 /dev/urandom >"$scratch/a/garbage"
printf 'daxrace 1\nsetup\n  creat f size=1pmd\ntask P.A\n  lod f\n  fsync f\n' >"$scratch/a/damaged"
expect 1 "$total valid, 1 that can be repaired, 1 that are no programs" check "$scratch/a"
rm "$scratch/a/garbage" "$scratch/a/damaged"

mkdir "$scratch/b"
expect 0 "0 inputs before" merge "$scratch/b" "$scratch/a"
(($(find "$scratch/b" -type f | wc -l) > 5)) || { echo "a merge added next to nothing"; failed=1; }
expect 0 "valid" check "$scratch/b"
# Twins that differ in their name only bring nothing.
for file in "$scratch"/b/*; do cp "$file" "$file-twin"; done
before=$(find "$scratch/b" -type f | wc -l)
expect 0 "$before inputs before" prune "$scratch/b"
(($(find "$scratch/b" -type f | wc -l) <= before / 2)) || { echo "prune kept twins"; failed=1; }
# An input that no process of a merge gets through within the deadline: a fuzzer that never ends.
printf '#!/bin/sh\nexec sleep 60\n' >"$scratch/slow"
chmod +x "$scratch/slow"
was=$(digest "$scratch/b")
expect 1 'nothing was changed' prune "$scratch/b" --fuzzer "$scratch/slow" --deadline 1
expect 1 'nothing was changed' merge "$scratch/b" "$scratch/a" --fuzzer "$scratch/slow" --deadline 1
[[ $(digest "$scratch/b") == "$was" ]] || { echo "a deadline changed the corpus"; failed=1; }
(($(find "$scratch" -maxdepth 1 -name 'b.*' | wc -l) == 0)) || { echo "something stays beside the corpus"; failed=1; }

expect 2 'is no directory' check "$scratch/missing"
expect 2 'is no directory' prune "$scratch/log"
expect 2 'No such file' import "$scratch/c" "$scratch/missing"
expect 2 'no fuzzing program' prune "$scratch/b" --fuzzer "$scratch/missing"
expect 2 'no fuzzing program' merge "$scratch/d" "$scratch/a" --fuzzer "$scratch/missing"
[[ ! -e $scratch/d ]] || { echo "a wrong command left something"; failed=1; }
expect 2 'deadline' prune "$scratch/b" --deadline 0
[[ $(digest "$scratch/b") == "$was" ]] || { echo "an error changed the corpus"; failed=1; }
exit "$failed"
