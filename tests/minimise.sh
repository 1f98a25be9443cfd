#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A finding of every scenario, minimised: no larger than what was written by hand, every order labelled, the same again
# when it is done again; and what is printed is a scenario that passes `daxrace check` once title and question are there.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
daxrace=$DAXRACE_BIN/daxrace

# Every scenario where that is quick.
share=1
[[ -z ${DAXRACE_SLOW:-} ]] || share=20

fail() {
  echo "$1: $2"
  failed=1
}

# operations FILE: of its tasks.
operations() {
  awk '/^[a-z]/ { inside = $1 == "task" } inside && /^  / { n++ } END { print n + 0 }' "$1"
}

failed=0
number=0
minimised=0
for scenario in "$DAXRACE_SOURCE"/scenarios/*.dax; do
  name=$(basename "$scenario" .dax)
  # One finding: another verdict or kernel of the same scenario is minimised by the same steps.
  finding=
  for each in "$DAXRACE_SOURCE/corpus/$name"-*.dax; do
    [[ -e $each ]] || continue
    # The name of one scenario may begin with that of another.
    [[ $(sed -n 's/^title *//p' "$each") == "$(sed -n 's/^title *//p' "$scenario")" ]] && finding=$each && break
  done
  [[ -n $finding ]] || continue
  number=$((number + 1))
  ((number % share == 0)) || continue
  minimised=$((minimised + 1))
  # What a fuzzer finds has neither title nor question.
  sed '/^title/d; /^question/d' "$finding" >finding.dax
  status=0
  "$daxrace" minimise finding.dax --effort 3000 --schedules 3000 --save min.dax >out 2>&1 || status=$?
  if ((status != 1)); then
    fail "$name" "exit $status: $(head -1 out)"
    continue
  fi
  (($(operations min.dax) <= $(operations "$scenario"))) ||
    fail "$name" "$(operations min.dax) operations, $(operations "$scenario") by hand"
  # Each order that is printed has its label, and what the labels come to is said.
  grep -qE '^Orders: of [0-9,]+ schedules? with at most' out || fail "$name" "no orders"
  grep -qE '^(Together these are enough|Of [0-9,]+ schedules|No order of two tasks)' out ||
    fail "$name" "it is not said what the orders come to"
  if grep -A1 -E '^ +(necessary|one way) ' out | grep -qE '^ +(necessary|one way) +$'; then
    fail "$name" "an order without words"
  fi
  # The same finding, and one that replays.
  [[ $(sed -n 's/^signature *//p' min.dax) == "$(sed -n 's/^signature *//p' "$finding")" ]] ||
    fail "$name" "another finding"
  "$daxrace" replay min.dax --verify >verified 2>&1 || fail "$name" "$(tail -1 verified)"
  # As a scenario: what is to be filled in stands out.
  grep -q '^title     TITLE: ' min.dax && grep -q '^question  QUESTION: ' min.dax ||
    fail "$name" "nothing to fill in"
  sed 's/^title .*/title     A race/; s/^question .*/question  Does it happen?/' min.dax >filled.dax
  "$daxrace" check filled.dax >checked 2>&1 || fail "$name" "the scenario does not pass: $(tail -3 checked)"
done

# Deterministic.
"$daxrace" minimise finding.dax --effort 3000 --schedules 3000 --save again.dax >out-again 2>&1 || true
cmp min.dax again.dax || fail again "the second time gives something else"

# What is not needed goes: another task, operations around it, a file and a larger mapping.
cat >large.dax <<'EOF'
daxrace 1
kernel    v4.11
setup
  creat f size=1pmd
  creat g size=1pmd
  mmap R.m f 0 1pmd shared rw
  mmap R.n g 0 1pmd shared rw
task R.A
  load n+2pg
  load m
  load m
task W.B
  fsync g
  write f 0 1pg
  fsync f
task W.C
  read g 0 1pg
EOF
"$daxrace" explore large.dax --preemptions 1 --save found.dax >out 2>&1 || true
"$daxrace" minimise found.dax --save small.dax >out 2>&1 || true
(($(operations small.dax) == 3)) || fail large "$(operations small.dax) operations are left, not 3"
grep -q 'mmap R.n\|creat g' small.dax && fail large "what nobody uses is still there"

# Nothing to minimise.
status=0
"$daxrace" minimise "$DAXRACE_SOURCE/scenarios/001-fault-races-with-write.dax" --no-save >out 2>&1 || status=$?
((status == 2)) && grep -q 'nothing to minimise' out || fail scenario "exit $status"

((minimised > 60 / share / 2)) || fail tests "only $minimised scenarios"
echo "$minimised scenarios"
exit $failed
