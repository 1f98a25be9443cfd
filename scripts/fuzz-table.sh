#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: scripts/fuzz-table.sh [--seeds N] [--cap SECONDS] [--row NAME]... [--out FILE] [--render]
#
# What each kind of feedback is worth: for kernels that lack one fix each, how many schedules and how many seconds of its
# own time the fuzzer takes from nothing to the first finding of that bug. A finding counts if it has the verdict and the
# newest kernel that all its fixes are in does not show it, too. Compared with mutation without feedback of one kind, with
# programs and schedules drawn afresh every time, and with new programs that each run under 256 schedules of the portfolio
# of `daxrace run`.
#
# A run that is in FILE already is not made again, so it can be stopped and goes on; seeds are the outer loop, so that
# every configuration has as many. Afterwards --render alone writes the table into docs/campaign.md.
#
#   --seeds N       seeds of each (10)
#   --cap SECONDS   of its own time that a run may take (60)
#   --row NAME      only that row; may be repeated
#   --out FILE      where the runs are kept (runs/fuzz-table.tsv)
#   --fuzzer FILE   daxrace-fuzz (build/fuzz/bin/daxrace-fuzz)
#   --render        measure nothing, write the table
set -euo pipefail
source "$(dirname "$0")/lib.sh"

seeds=10
cap=60
only=()
out=runs/fuzz-table.tsv
fuzzer=build/fuzz/bin/daxrace-fuzz
render=no
while (($# > 0)); do
  case $1 in
    -h | --help) help_of "$0"; exit 0 ;;
    --seeds | --cap | --out | --fuzzer)
      (($# >= 2)) || usage_error "$1 needs a value"
      declare "${1#--}=$2"
      shift
      ;;
    --row)
      (($# >= 2)) || usage_error "$1 needs a value"
      only+=("$2")
      shift
      ;;
    --render) render=yes ;;
    *) usage_error "unknown argument $1" ;;
  esac
  shift
done
[[ $seeds =~ ^[1-9][0-9]*$ && $cap =~ ^[1-9][0-9]*$ ]] || usage_error "--seeds and --cap take numbers"

# NAME OPTIONS
rows=(
  'mkclean --kernel=v5.18 --only=lost-after-sync --unless=v6.15'
  'zero-page --without=cd656375f940 --only=stale-read --unless=v6.15'
  'fault-write --without=13e451fdc1af --only=stale-read --unless=v6.15'
  'unbind --only=use-after-free'
  'evict --without=0e2f80afcfa6 --only=dma-after-free --unless=v6.15'
  'swap-pin --kernel=v5.18 --only=split-pin --unless=v6.15'
)
configurations=(
  'all'
  'no-code --code=off'
  'no-pairs --pairs=off'
  'no-states --states=off'
  'no-locks --locks=off'
  'entropic -entropic=1'
  'none --code=off --pairs=off --states=off --locks=off'
  'uniform --mode=uniform'
  'portfolio --mode=portfolio'
)

# Writing the corpus to a disk would take half of the time.
memory=${TMPDIR:-/tmp}
[[ ! -w /dev/shm ]] || memory=/dev/shm

# one ROW CONFIGURATION SEED OPTIONS...: appends "row configuration seed found|capped schedules seconds".
one() {
  local row=$1 configuration=$2 seed=$3 scratch status=0
  shift 3
  grep -qs "^$row	$configuration	$seed	" "$out" && return
  scratch=$(mktemp -d -p "$memory")
  mkdir "$scratch/corpus"
  (ulimit -St "$cap"; exec "$fuzzer" "$@" -seed="$seed" -verbosity=0 --stats="$scratch/stats" \
    -artifact_prefix="$scratch/" "$scratch/corpus") >"$scratch/log" 2>&1 || status=$?
  case $status in
    77)
      awk -v row="$row" -v configuration="$configuration" -v seed="$seed" -v OFS='\t' '
        { value[$1] = $2 }
        END { print row, configuration, seed, "found", value["executions_to_first_finding"],
                    value["cpu_seconds_to_first_finding"] }' "$scratch/stats" >>"$out"
      ;;
    # SIGXCPU, as a shell tells it
    152) printf '%s\t%s\t%s\tcapped\t-\t%s\n' "$row" "$configuration" "$seed" "$cap" >>"$out" ;;
    *) tail -n 3 "$scratch/log" >&2; echo "fuzz-table.sh: $row, $configuration: exit $status" >&2; exit 2 ;;
  esac
  rm -rf "$scratch"
}

measure() {
  local seed row configuration
  mkdir -p "$(dirname "$out")"
  for ((seed = 1; seed <= seeds; ++seed)); do
    for row in "${rows[@]}"; do
      read -ra words <<<"$row"
      ((${#only[@]} == 0)) || [[ " ${only[*]} " == *" ${words[0]} "* ]] || continue
      for configuration in "${configurations[@]}"; do
        read -ra options <<<"$configuration"
        one "${words[0]}" "${options[0]}" "$seed" "${words[@]:1}" "${options[@]:1}"
      done
    done
  done
}

# Medians; a run that was capped is longer than any other.
table() {
  awk -F '\t' -v rows="${rows[*]%% *}" -v names="${configurations[*]%% *}" -v cap="$cap" '
    { n = ++count[$1, $2]
      schedules[$1, $2, n] = $4 == "found" ? $5 : 1e18
      seconds[$1, $2, n] = $4 == "found" ? $6 : 1e18
      capped[$1, $2] += $4 != "found" }
    function median(values, row, name,    n, i, j, v, sorted) {
      n = count[row, name]
      for (i = 1; i <= n; ++i) {
        v = values[row, name, i]
        for (j = i - 1; j >= 1 && sorted[j] > v; --j) sorted[j + 1] = sorted[j]
        sorted[j + 1] = v
      }
      return sorted[int((n + 1) / 2)]
    }
    function cell(row, name,    s, t) {
      if (count[row, name] == 0) return "-"
      s = median(schedules, row, name)
      t = median(seconds, row, name)
      s = s > 1e17 ? "> cap" : sprintf("%d, %.1f s", s, t)
      return s (capped[row, name] ? sprintf(" (%d of %d capped)", capped[row, name], count[row, name]) : "")
    }
    END {
      m = split(rows, row, " ")
      k = split(names, name, " ")
      printf "| |"
      for (i = 1; i <= m; ++i) {
        least = ""
        for (j = 1; j <= k; ++j) if (least == "" || count[row[i], name[j]] < least) least = count[row[i], name[j]] + 0
        printf " %s (%d) |", row[i], least
      }
      printf "\n|---|"
      for (i = 1; i <= m; ++i) printf "---|"
      printf "\n"
      for (j = 1; j <= k; ++j) {
        printf "| %s |", name[j]
        for (i = 1; i <= m; ++i) printf " %s |", cell(row[i], name[j])
        printf "\n"
      }
      printf "\nMedians of schedules and of seconds of its own time to the first finding, from nothing; in " \
             "brackets the seeds that every configuration has; a run is given up after %d s.\n", cap
    }' "$out"
}

write_table() {
  local doc=docs/campaign.md next
  next=$(mktemp)
  table >"$next.table"
  awk -v table="$next.table" '
    /^<!-- fuzz-table -->/ { print; while ((getline line < table) > 0) print line; skip = 1; next }
    /^<!-- end -->/ { skip = 0 }
    !skip' "$doc" >"$next"
  cat "$next" >"$doc"
  rm -f "$next" "$next.table"
}

if [[ $render == yes ]]; then
  [[ -s $out ]] || usage_error "$out: no runs; measure first"
  write_table
else
  measure
fi
