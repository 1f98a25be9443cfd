#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Replay after things have changed: a program edited so that all steps move, a damaged file, a lost schedule. It says
# what it did each time.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
finding=$DAXRACE_SOURCE/corpus/001-fault-races-with-write-stale-read-v4.11.dax

# expect STATUS PART FILE OPTIONS...
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

expect 1 'FOUND stale-read' "$finding"
expect 0 'VERIFIED stale-read' "$finding" --verify

# More work in setup: no step is where it was, but the preempted event is.
sed 's/^  creat f size=1pg/&\n  creat g size=1pg\n  write g 0 1pg/' "$finding" >moved.dax
expect 1 'found again by the anchors' moved.dax
expect 1 'DIFFERS' moved.dax --verify

# The kernel that has the fix: the schedule shows nothing, and that is said.
expect 0 'not as recorded: there is no finding' "$finding" --kernel v6.15

# A file that somebody damaged is read leniently, and the program that came of it is shown.
sed 's/^  load m$/&\n  lod m/' "$finding" >damaged.dax
expect 1 'read leniently' damaged.dax
expect 1 'unknown operation `lod`' damaged.dax

# Without its schedule a finding is just a program; its default schedule is harmless.
sed '/^schedule/,$d; /^found/d; /^signature/d; /^hash/d' "$finding" >plain.dax
expect 0 'no finding' plain.dax
expect 2 'records no finding' plain.dax --verify
