#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# At a smaller geometry, following every schedule to its end agrees with the search that recognises states: the same
# verdicts at the same bounds, on the newest form and on the older one.
set -euo pipefail
cd "$DAXRACE_SOURCE"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

verdicts() {
  local status=0
  "$DAXRACE_BIN/daxrace" explore "$@" --all --no-save --json >"$scratch/out" || status=$?
  ((status < 2)) || exit 1
  # From "verdicts" to the end of that object.
  sed -n '/"verdicts"/,/}/p' "$scratch/out" | tr -d ' \n'
}

# The small geometry: two pages a PMD, one cell a page.
small() { sed -e "s/^setup/geometry  pmd=2 cells=${2:-1}\nsetup/" "$1" >"$scratch/small.dax"; }

agree() {
  local pruned brute
  pruned=$(verdicts "$scratch/small.dax" "$@")
  brute=$(verdicts "$scratch/small.dax" "$@" --no-prune)
  echo "$*: $pruned"
  [[ $pruned == "$brute" ]] || { echo "brute force says $brute"; exit 1; }
}

small scenarios/000-missing-writeprotect.dax
agree --preemptions 2
agree --preemptions 2 --kernel v5.18
agree --preemptions 2 --with mkclean-head-lookup
agree --preemptions 2 --with mkclean-head-page
small scenarios/000-writeback-order.dax
agree --preemptions 2
agree --preemptions 2 --with flush-before-mkclean
agree --preemptions 2 --with writeback-unlocked
small scenarios/001-fault-races-with-write.dax
agree --preemptions 3
agree --preemptions 3 --kernel v4.11
for mutant in unmap-before-invalidate invalidate-no-unmap invalidate-no-wait fault-unlocks-early; do
  agree --preemptions 3 --with "$mutant"
done
small scenarios/found-fsync-overtakes-fsync.dax
agree --preemptions 2
small scenarios/found-write-during-fault.dax 2
agree --preemptions 2
