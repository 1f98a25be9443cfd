#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every expectation of every scenario holds, on both sides, and what README.md shows of that is what is said; an
# expectation that does not hold is noticed.
set -euo pipefail
cd "$DAXRACE_SOURCE"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# One in twenty where that is slow.
if [[ -n ${DAXRACE_SLOW:-} ]]; then
  mapfile -t share < <(printf '%s\n' scenarios/*.dax | sed -n '1~20p')
  ((${#share[@]} >= 5)) || { echo "only ${#share[@]} scenarios"; exit 1; }
  "$DAXRACE_BIN/daxrace" check "${share[@]}"
else
  "$DAXRACE_BIN/daxrace" check scenarios | tee "$scratch/printed"
  sed -n '/^\$ daxrace check scenarios$/,/^```$/p' README.md | grep -vE '^(\$.*|```|\.\.\.)$' >"$scratch/shown"
  if [[ ! -s $scratch/shown ]] || grep -vxFf "$scratch/printed" "$scratch/shown"; then
    echo "README.md shows something else"
    exit 1
  fi
fi

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
