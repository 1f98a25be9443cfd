#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: scripts/findings-table.sh [--seeds N] [--schedules N] [WORD]
#
# Builds the release preset and prints the table of README.md: schedules until a finding, over N seeds (default 51) of
# each strategy, median and mean, or how many of the seeds found it within N schedules (default 20,000). With WORD only
# the scenarios whose name holds it. The numbers are the same on every machine.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

seeds=51
schedules=20000
word=
while (($# > 0)); do
  case $1 in
    -h | --help) help_of "$0"; exit 0 ;;
    --seeds | --schedules)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage_error "$1 takes a number, not '${2:-}'"
      if [[ $1 == --seeds ]]; then seeds=$2; else schedules=$2; fi
      shift
      ;;
    -*) usage_error "unknown argument $1" ;;
    *) word=$1 ;;
  esac
  shift
done

# scenario, what is said of it, kernel
readonly rows='000-missing-writeprotect|fixed by 06083a0921fd|v5.18
001-zero-page-outlives-write|fixed by cd656375f940|v4.11
001-fault-races-with-write|fixed by 13e451fdc1af|v4.11
001-pmd-fault-races-with-write|fixed by 876f29460cbd|v4.11
002-truncate-pinned|fixed by 5fac7408d828|v4.17
002-unbind-races-with-fault|**open**|v6.15
003-evict-pinned|fixed by 0e2f80afcfa6|v6.14
003-remount-pinned|fixed by 0e2f80afcfa6|v6.14
004-swap-out-during-dma|fixed by 1493a1913e34|v5.18
004-gup-fast-during-fork|fixed by 57efa1fe5957|v5.10
pmd-fault-waits-for-pte-entry|fixed by 23c84eb78375|v5.2
found-fsync-overtakes-fsync|**open**|v6.15
found-write-forgets-pin|**open**|v6.15
found-truncate-waits-for-mapping|**open** since v6.15|v6.15
found-store-sigbus|**open** since v6.15|v6.15
found-truncate-drops-dirty|**open** since v6.15|v6.15
found-punch-part-of-pmd|**open**|v6.15
found-fsync-during-punch|**open**|v6.15
found-fsync-before-size|**open**|v6.15
found-dma-after-fsync|**open**|v6.15
found-write-during-fault|**open**|v6.14'

# cell FILE KERNEL STRATEGY: "median, mean", or how many of the seeds found it.
cell() {
  local seed
  for ((seed = 1; seed <= seeds; ++seed)); do
    build/release/bin/daxrace run "$1" --kernel "$2" --strategy "$3" --seed "$seed" --schedules "$schedules" --no-save |
      sed -n 's/^FOUND .* in schedule \([0-9,]*\) .*/\1/p' | tr -d , || true
  done | sort -n | awk -v seeds="$seeds" '
    { n[NR] = $1; sum += $1 }
    END {
      if (NR < seeds) { print NR " of " seeds " seeds"; exit }
      mean = sum / NR
      printf (mean < 10 ? "%d, %.1f\n" : "%d, %.0f\n"), n[int((NR + 1) / 2)], mean
    }'
}

build_preset release daxrace >/dev/null
echo '| finding | kernel | verdict | random: median, mean | pct | portfolio, the default |'
echo '|---|---|---|---|---|---|'
while IFS='|' read -r name status kernel; do
  [[ $name == *"$word"* ]] || continue
  file=scenarios/$name.dax
  title=$(sed -n 's/^question  *//p' "$file")
  verdict=$(build/release/bin/daxrace explore "$file" --kernel "$kernel" --no-save | sed -n 's/^FOUND \([^ ]*\).*/\1/p' || true)
  printf '| [%s](%s) %s | %s | %s |' "$title" "$file" "$status" "$kernel" "$verdict"
  for strategy in random pct portfolio; do printf ' %s |' "$(cell "$file" "$kernel" "$strategy")"; done
  echo
done <<<"$rows"
