#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: scripts/bench.sh [--rounds N] [--spin] [--profile WORKLOAD] [--smoke DIRECTORY]
#
# Builds the release preset and measures the engine against Relacy on the workloads of core/engine/bench/workloads.h,
# the two programs in turns, N rounds (default 5). Times are processor time, medians over the rounds; a ratio is the
# median of those of each round. Both sides check for data races, and choose uniformly at every scheduling point.
#
#   --rounds N           so many rounds
#   --spin               instead: the time to see every schedule of W2 with ten rounds, beside SPIN's for w2.pml
#                        (Debian packages spin, which nothing else here needs, and gcc); takes a minute and 1.2 GB
#   --profile WORKLOAD   instead: where the time goes, by perf (Debian package linux-perf), as in random/W3
#   --smoke DIRECTORY    instead: run the programs of DIRECTORY once; exit 1 unless random and pct allocate nothing for
#                        an execution and both sides make the same scheduling points; measures nothing
set -euo pipefail
source "$(dirname "$0")/lib.sh"

mode=compare
rounds=5
bin=build/release/bin
while (($# > 0)); do
  case $1 in
    -h | --help) help_of "$0"; exit 0 ;;
    --rounds)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage_error "--rounds takes a number, not '${2:-}'"
      rounds=$2
      shift
      ;;
    --spin) mode=spin ;;
    --profile)
      [[ -n ${2:-} ]] || usage_error "--profile takes a workload"
      mode=profile workload=$2
      shift
      ;;
    --smoke)
      [[ -d ${2:-} ]] || usage_error "--smoke takes a directory, not '${2:-}'"
      mode=smoke bin=$2
      shift
      ;;
    *) usage_error "unknown argument $1" ;;
  esac
  shift
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# run_engine ROUND FILTER SECONDS: stdout: lines of ROUND, engine, NAME, COUNTER, VALUE. Google Benchmark's JSON has a
# line for each value.
run_engine() {
  if ! "$bin/engine_bench" --benchmark_filter="$2" --benchmark_min_time="$3" --benchmark_format=json \
    >"$scratch/json" 2>"$scratch/stderr" || grep -F '"error_occurred": true' "$scratch/json" >/dev/null; then
    cat "$scratch/stderr" "$scratch/json" >&2
    echo "bench.sh: engine_bench failed" >&2
    return 1
  fi
  awk -F '"' -v OFS='\t' -v round="$1" '
    $2 == "name" { name = $4; next }
    $2 == "label" { print round, "engine", name, $2, $4 }
    name != "" && $3 ~ /^: [0-9]/ { value = substr($3, 3); sub(/,$/, "", value); print round, "engine", name, $2, value }
  ' "$scratch/json"
}

# run_relacy ROUND SECONDS: the same of relacy_bench.
run_relacy() {
  "$bin/relacy_bench" "$2" | awk -v OFS='\t' -v round="$1" '{
    print round, "relacy", $1, "cpu_time", $2; print round, "relacy", $1, "points", $3
    print round, "relacy", $1, "switches", $4 }'
}

# Functions for what reads those lines.
# shellcheck disable=SC2016  # it is awk that expands them
readonly reader='
  BEGIN { FS = "\t" }
  { value[$1, $2, $3, $4] = $5; has[$2, $3] = 1; if ($1 > rounds) rounds = $1 }
  function one(side, name, counter) { return value[1, side, name, counter] + 0 }
  function middle(n, i, k, x) { # of sample[1..n]
    for (i = 2; i <= n; i++) {
      x = sample[i]
      for (k = i - 1; k >= 1 && sample[k] > x; k--) sample[k + 1] = sample[k]
      sample[k + 1] = x
    }
    return n % 2 ? sample[(n + 1) / 2] : (sample[n / 2] + sample[n / 2 + 1]) / 2
  }
  function time(side, name, r) {
    for (r = 1; r <= rounds; r++) sample[r] = value[r, side, name, "cpu_time"]
    return middle(rounds)
  }
  function ratio(side_a, a, side_b, b, r) {
    for (r = 1; r <= rounds; r++) sample[r] = value[r, side_a, a, "cpu_time"] / value[r, side_b, b, "cpu_time"]
    return middle(rounds)
  }
'

smoke() {
  { run_engine 1 '^((random|pct|trace_off|trace_on)/|plain|tasks|memory|search/W2$)' 0.001 && run_relacy 1 0; } |
    awk "$reader"'
    function differ(what, a, b, percent) {
      if (a > 0 && a - b <= a * percent / 100 && b - a <= a * percent / 100) return
      print "bench.sh: " what ": " a " under the engine, " b " under Relacy"
      bad = 1
    }
    $4 == "allocations" { checked++ }
    $4 == "allocations" && $5 != 0 { print "bench.sh: " $3 ": " $5 " allocations an execution"; bad = 1 }
    END {
      differ("points of W1", one("engine", "random/W1", "points"), one("relacy", "W1", "points"), 0)
      differ("points of W3", one("engine", "random/W3", "points"), one("relacy", "W3", "points"), 0)
      differ("points of W2", one("engine", "random/W2/parked", "points"), one("relacy", "W2", "points"), 3)
      differ("switches of W1", one("engine", "random/W1", "switches"), one("relacy", "W1", "switches"), 6)
      differ("switches of W3", one("engine", "random/W3", "switches"), one("relacy", "W3", "switches"), 6)
      differ("switches of W2", one("engine", "random/W2/parked", "switches"), one("relacy", "W2", "switches"), 6)
      if (checked == 0) { print "bench.sh: nothing ran"; bad = 1 }
      exit bad
    }'
}

measure() {
  local round
  for ((round = 1; round <= rounds; round++)); do
    echo "round $round of $rounds" >&2
    run_engine "$round" '^((random|pct|trace_off|trace_on|plain)/)' 0.2
    run_relacy "$round" 0.3
  done
  echo "tasks, memory, strategies" >&2
  run_engine 1 '^(tasks|memory)/' 0.1
  run_engine 1 "^($(strategies))/W[123]\$" 0.1
}

# Stdout: the strategies that the rounds do not measure, as a pattern.
strategies() {
  "$bin/engine_bench" --benchmark_list_tests 2>/dev/null | awk -F / '
    $2 == "W1" && $1 !~ /^(random|pct|trace_o.*|plain|search)$/ { printf "%s%s", bar, $1; bar = "|" }'
}

report() {
  awk "$reader"'
    function against(name, other, e) {
      e = "random/" name
      printf "%-10s %9.0f %9.0f %6.2f   %6.1f %6.1f   %6.2f %6.2f\n", name, time("engine", e), time("relacy", other),
        ratio("relacy", other, "engine", e), one("engine", e, "points"), one("relacy", other, "points"),
        one("engine", e, "switches"), one("relacy", other, "switches")
    }
    function with(name) {
      printf "%-10s %9.0f %9.0f %6.2f %9.0f %6.2f %9.0f %6.1f\n", name, time("engine", "trace_off/" name),
        time("engine", "trace_on/" name), ratio("engine", "trace_on/" name, "engine", "trace_off/" name),
        time("engine", "pct/" name), ratio("engine", "pct/" name, "engine", "random/" name),
        time("engine", "plain/" name), ratio("engine", "random/" name, "engine", "plain/" name)
    }
    $4 == "allocations" && $3 ~ /^(random|pct)\// { allocations += $5 }
    $1 == 1 && $2 == "engine" && $4 == "cpu_time" && $3 ~ /\/W1$/ && $3 !~ /^(trace_|plain)/ {
      strategy[++strategies] = substr($3, 1, length($3) - 3)
    }
    END {
      print "random walk         ns an execution  relacy/        points         switches"
      print "              engine    relacy  engine   engine relacy   engine relacy"
      against("W1", "W1"); against("W2", "W2"); against("W2/tried", "W2"); against("W2/parked", "W2")
      against("W3", "W3")
      print "\nW2         the engine as it is: a lock is released without a scheduling point, and whoever waits for"
      print "           it is no candidate"
      print "W2/tried   with a scheduling point before the release"
      print "W2/parked  with the mutex of Relacy rebuilt, so that both sides have the same points and switches, but"
      print "           for what the generators of random numbers make of them"
      print "\n           ns, trace     on/      ns       pct/      ns    random/"
      print "                 off        on    off       pct random     plain  plain"
      with("W1"); with("W2"); with("W3")
      printf "allocations of an execution, random and pct: %g\n", allocations
      print "\nns a point       W1     W2     W3"
      for (i = 1; i <= strategies; i++) {
        printf "%-12s", strategy[i]
        for (w = 1; w <= 3; w++) {
          name = strategy[i] "/W" w
          printf " %6.1f", one("engine", name, "cpu_time") / one("engine", name, "points")
        }
        print ""
      }
      print "\ntasks   ns a point   heap KiB   resident KiB   ns of a cold start"
      for (n = 2; n <= 128; n *= 2) {
        t = "tasks/" n; m = "memory/" n
        printf "%5d %12.1f %10.0f %14.0f %20.0f\n", n, one("engine", t, "cpu_time") / one("engine", t, "points"),
          one("engine", m, "heap_bytes") / 1024, one("engine", m, "resident_bytes") / 1024, one("engine", m, "cpu_time")
      }
    }' "$1"
}

# spin_line NAME SPIN-OPTIONS GCC-OPTIONS: compiles, runs and prints a line.
spin_line() {
  local source=$PWD/core/engine/bench/w2.pml
  (
    cd "$scratch"
    # shellcheck disable=SC2086  # several options, or none
    spin $2 -a "$source" >spin.out && gcc -O2 $3 -DMEMLIM=8000 -o pan pan.c 2>spin.out && ./pan -m100000 >pan.out
    if ! grep 'errors: 0' pan.out >/dev/null; then
      cat pan.out
      exit 1
    fi
    awk -v name="$1" '/states, stored/ { states = $1 } /elapsed time/ { seconds = $4 }
      END { printf "%-46s %10d %12s %9.3f\n", name, states, "-", seconds }' pan.out
  )
}

compare_with_spin() {
  printf '%-46s %10s %12s %9s\n' "every schedule of W2, ten rounds" states executions seconds
  run_engine 1 '^search/' 0.001 | awk "$reader"'
    function line(name, text) {
      printf "%-46s %10d %12d %9.3f\n", "engine, " value[1, "engine", name, "label"] text, one("engine", name, "states"), one("engine", name, "executions"),
        one("engine", name, "cpu_time")
    }
    END {
      line("search/W2", "")
      line("search/W2/operations", ", invoke and return of each round")
    }'
  if ! command -v spin >/dev/null; then
    echo "SPIN is not installed (Debian package spin)"
    return
  fi
  spin_line "SPIN" "" "-DSAFETY"
  spin_line "SPIN, no partial-order reduction" "" "-DSAFETY -DNOREDUCE"
  spin_line "SPIN, the value read forgotten" "-DFORGET" "-DSAFETY"
  spin_line "SPIN, forgotten, no reduction" "-DFORGET" "-DSAFETY -DNOREDUCE"
  echo
  echo "A state of the engine is one in which two tasks can go on, and it forgets what a round has read when the next"
  echo "begins; SPIN counts every state, and remembers the value unless the model says otherwise."
}

# A clock takes the samples: a virtual machine often has no counters of cycles.
profile() {
  if ! command -v perf >/dev/null; then
    echo "bench.sh: perf is not installed (Debian package linux-perf)" >&2
    return 2
  fi
  if ! perf record -q -e cpu-clock:u -F 2000 -o "$scratch/perf" "$bin/engine_bench" \
    --benchmark_filter="^$workload\$" --benchmark_min_time=1 >"$scratch/stdout" 2>"$scratch/stderr"; then
    cat "$scratch/stderr" >&2
    echo "bench.sh: perf cannot measure here; see kernel.perf_event_paranoid" >&2
    return 2
  fi
  if [[ ! -s $scratch/stdout ]]; then
    echo "bench.sh: no benchmark is called $workload; $bin/engine_bench --benchmark_list_tests names them" >&2
    return 2
  fi
  cat "$scratch/stdout"
  perf report -i "$scratch/perf" --stdio --no-children -s symbol 2>/dev/null |
    awk '/^ +[0-9]/ && ++n <= 30 { sub(/[ -]+$/, ""); print }'
}

if [[ $mode == smoke ]]; then
  smoke
  exit
fi
build_preset release engine_bench relacy_bench >"$scratch/build" || {
  cat "$scratch/build"
  exit 1
}
case $mode in
  compare)
    measure >"$scratch/lines"
    report "$scratch/lines"
    ;;
  spin) compare_with_spin ;;
  profile) profile ;;
esac
