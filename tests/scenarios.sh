#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every expectation of every scenario holds, on both sides; and one that does not is noticed.
set -euo pipefail
cd "$DAXRACE_SOURCE"
"$DAXRACE_BIN/daxrace" check scenarios

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
wrong() {
  if "$DAXRACE_BIN/daxrace" check "$scratch/wrong.dax"; then
    echo "accepted: $1"
    exit 1
  fi
}
scenario=scenarios/001-fault-races-with-write.dax
sed '/^expect/d' "$scenario" >"$scratch/base.dax"
{ cat "$scratch/base.dax"; echo 'expect kernel v4.11: never'; } >"$scratch/wrong.dax"
wrong 'never, where there is a finding'
{ cat "$scratch/base.dax"; echo 'expect stale-read'; } >"$scratch/wrong.dax"
wrong 'a finding, where there is none'
{ cat "$scratch/base.dax"; echo 'expect kernel v4.11: lost-after-sync'; } >"$scratch/wrong.dax"
wrong 'another verdict'
{ cat "$scratch/base.dax"; echo 'expect kernel v4.11: stale-read preemptions=0'; } >"$scratch/wrong.dax"
wrong 'too few preemptions'
{ cat "$scratch/base.dax"; echo 'expect kernel v4.11: stale-read preemptions=2'; } >"$scratch/wrong.dax"
wrong 'too many preemptions'
