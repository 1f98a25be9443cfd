#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Replay after things have changed: a program edited so that all steps move, operations inserted and removed, anchors
# lost, a damaged file, a lost schedule. It says what it did each time, and what no longer holds.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
# As it would be recorded today, and as it was before findings had orders.
"$DAXRACE_BIN/daxrace" timeline "$DAXRACE_SOURCE/corpus/001-fault-races-with-write-stale-read-v4.11.dax" \
  --format scenario 2>/dev/null | grep -v '^order' >finding.dax
finding=finding.dax

# expect STATUS PART FILE OPTIONS...: PART must be in what is printed, and may be several lines of `&&`.
expect() {
  local want=$1 part=$2 status=0
  shift 2
  "$DAXRACE_BIN/daxrace" replay "$@" >out 2>&1 || status=$?
  if ((status != want)) || ! grep -qF -- "$part" out; then
    echo "replay $*: exit $status, wanted $want and: $part"
    cat out
    exit 1
  fi
}
has() {
  if ! grep -qF -- "$1" out; then
    echo "this is not said: $1"
    cat out
    exit 1
  fi
}

expect 1 'FOUND stale-read' "$finding"
expect 0 'VERIFIED stale-read' "$finding" --verify
expect 0 '"verified": true' "$finding" --verify --json
expect 1 '"exact": true' "$finding" --json
expect 1 '100 times the same' "$finding" --times 100

# A finding as it is written today: with the orders of its events.
"$DAXRACE_BIN/daxrace" minimise "$finding" --save recorded.dax >/dev/null || true
grep -q '^order ' recorded.dax
expect 0 'VERIFIED stale-read' recorded.dax --verify

# More work in setup: no step is where it was, but the preempted event is.
more_setup='s/^  creat f size=1pg/&\n  creat g size=1pg\n  write g 0 1pg/'
sed "$more_setup" "$finding" >moved.dax
expect 1 'found again by the anchors of its switches' moved.dax
expect 1 'DIFFERS' moved.dax --verify
has 'not as recorded: there is no finding; found again by the anchors'
expect 1 '"verified": false' moved.dax --verify --json
has '"by": "anchors"'
has '"differs": "there is no finding"'

# Operations inserted before the one that is preempted: its number is another one, too.
sed 's/^task R.A/&\n  fsync f/' recorded.dax >inserted.dax
expect 1 'found again by the anchors of its switches, if R.A has 1 operation more before op 0' inserted.dax
sed 's/^task R.A/&\n  fsync f\n  fsync f/' recorded.dax >inserted.dax
expect 1 'if R.A has 2 operations more before op 0' inserted.dax
# One removed, of a finding that was recorded with it.
"$DAXRACE_BIN/daxrace" timeline inserted.dax --format scenario >longer.dax 2>/dev/null
expect 0 'VERIFIED stale-read' longer.dax --verify
awk '/^  fsync f/ && !done { done = 1; next } { print }' longer.dax >removed.dax
expect 1 'found again by the anchors of its switches, if R.A has 1 operation less before op 0' removed.dax

# No anchors: what came before what still tells.
sed '/^schedule/,$s/ \[.*//' recorded.dax >bare.dax
expect 0 'VERIFIED stale-read' bare.dax --verify
sed "$more_setup" bare.dax >ordered.dax
expect 1 'found again by the orders of its events' ordered.dax
expect 1 '"by": "orders"' ordered.dax --json
sed 's/^task R.A/&\n  fsync f/' ordered.dax >inserted.dax
expect 1 'found again by the orders of its events, if R.A has 1 operation more before op 0' inserted.dax
# A place that the model has no more, and that was not needed: it is named.
sed 's/^order .*/&\norder     [R.A op 0: gone_function:spin_lock:xa_lock#0] [R.B op 0: run_op:ret#0 x7]/;' ordered.dax |
  awk '/gone_function/ && seen++ { next } { print }' >gone.dax
expect 1 'found again by the orders of its events' gone.dax
has 'no longer holds: R.A op 0 gone_function:spin_lock:xa_lock#0 before R.B op 0 run_op:ret#0 x7'
# Neither anchors nor orders: that is said, too, and what to do.
grep -v '^order' ordered.dax >lost.dax
expect 0 'neither by steps nor by anchors nor by orders; `daxrace explore` tries all schedules' lost.dax
expect 1 'DIFFERS' lost.dax --verify

# The kernel that has the fix: the schedule shows nothing, and that is said.
expect 0 'not as recorded: there is no finding' "$finding" --kernel v6.15
expect 0 'not as recorded: there is no finding' recorded.dax --kernel v6.15

# Deadlocks, lost wake-ups, livelocks, power failures and warnings are findings like any other.
for each in 002-truncate-own-pin-deadlock pmd-fault-waits-for-pte-entry-lost-wakeup-v5.2 \
  000-missing-writeprotect-lost-after-sync-v5.18 \
  002-unbind-pinned-use-after-free; do
  "$DAXRACE_BIN/daxrace" replay "$DAXRACE_SOURCE/corpus/$each.dax" >out || true
  has "FOUND $(sed -n 's/^found *//p' "$DAXRACE_SOURCE/corpus/$each.dax")"
done

# A schedule of thousands of switches, as many as a file may have.
{
  printf 'daxrace 1\nsetup\n  creat f size=1pmd\n  mmap P.m f 0 1pmd shared rw\n'
  for task in A B; do
    echo "task P.$task"
    for _ in $(seq 60); do echo '  store m'; done
  done
  echo schedule
  for step in $(seq 100 2 8000); do echo "  @$step P.$( ((step % 4)) && echo A || echo B)"; done
} >long.dax
expect 0 'no finding: the schedule ran to its end' long.dax
"$DAXRACE_BIN/daxrace" timeline long.dax --format scenario >long-recorded.dax
(($(grep -c "^  @" long-recorded.dax) > 200))
"$DAXRACE_BIN/daxrace" replay long.dax --json >one
"$DAXRACE_BIN/daxrace" replay long-recorded.dax --json >two
diff <(grep trace_hash one) <(grep trace_hash two)

# A file that somebody damaged is read leniently, and the program that came of it is shown.
sed 's/^  load m$/&\n  lod m/' "$finding" >damaged.dax
expect 1 'read leniently' damaged.dax
expect 1 'unknown operation `lod`' damaged.dax
"$DAXRACE_BIN/daxrace" replay damaged.dax --json 2>/dev/null >out || true
has '"read_leniently": true'
has 'unknown operation `lod`'
# Cut off in the middle of its schedule, or of its tasks.
head -c $(($(wc -c <"$finding") - 20)) "$finding" >cut.dax
expect 1 'read leniently' cut.dax
head -c 520 "$finding" >cut.dax
"$DAXRACE_BIN/daxrace" replay cut.dax >out 2>&1 || (($? < 3))
# Of a newer form, of another geometry than it was found with, and no finding at all.
sed 's/^daxrace 1/daxrace 2/' "$finding" >newer.dax
expect 2 'newer.dax:1:9: this file is version 2; this daxrace reads up to 1' newer.dax
sed 's/^kernel .*/&\ngeometry pmd=8 cells=4/' "$finding" >wider.dax
expect 1 'not as recorded: ' wider.dax
echo 'From: somebody' >mail.dax
expect 2 'mail.dax:1:1: expected `daxrace 1` in the first line' mail.dax
# Edited by hand: a switch to a task that is not there, steps that do not rise.
sed 's/^\(  @[0-9]*\) W.B/\1 W.C/' "$finding" >hand.dax
expect 1 'read leniently' hand.dax
has 'unknown task `W.C`'
sed 's/^  @.*/&\n  @13 R.A/' "$finding" >hand.dax
expect 1 'switch at step 13; expected one after step ' hand.dax

# Without its schedule a finding is just a program; its default schedule is harmless.
sed '/^schedule/,$d; /^found/d; /^signature/d; /^hash/d' "$finding" >plain.dax
expect 0 'no finding' plain.dax
expect 2 'records no finding' plain.dax --verify
