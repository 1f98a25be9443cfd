#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: scripts/speed.sh [--seconds S] [SCENARIO...]
#
# Builds the release preset's scenario_bench and prints two tables: executions and steps per second of each scenario
# under the random walk and PCT, on one core, and the scheduling points of each function of the model that the scenarios
# come to, with its share of all steps. The second is the same each time, the first is not.
#
#   --seconds S   for each scenario and strategy (default 0.2)
#   SCENARIO      a name as in scenarios/, without .dax; default: all of them
set -euo pipefail
source "$(dirname "$0")/lib.sh"

seconds=0.2
names=()
while (($# > 0)); do
  case $1 in
    -h | --help) help_of "$0"; exit 0 ;;
    --seconds)
      [[ ${2:-} =~ ^[0-9]+([.][0-9]+)?$ ]] || usage_error "--seconds takes a number, not '${2:-}'"
      seconds=$2
      shift
      ;;
    -*) usage_error "unknown argument $1" ;;
    *)
      [[ -f scenarios/$1.dax ]] || usage_error "there is no scenarios/$1.dax"
      names+=("$1")
      ;;
  esac
  shift
done

cmake --preset release > /dev/null
cmake --build --preset release --target scenario_bench > /dev/null

filter='/(random|pct)$'
((${#names[@]} == 0)) || filter="^($(IFS='|'; echo "${names[*]}"))$filter"
# The older Google Benchmark wants a plain number of seconds, the newer one takes it.
build/release/bin/scenario_bench --benchmark_filter="$filter" --benchmark_min_time="$seconds" \
  --benchmark_format=csv 2> /dev/null | awk -F, '
  BEGIN { print "| scenario | random: executions/s | steps/s | PCT: executions/s | steps/s | steps of an execution |"
          print "|---|---|---|---|---|---|" }
  $1 == "name" { for (i = 1; i <= NF; i++) { name = $i; gsub(/"/, "", name); column[name] = i } next }
  {
    name = $1; gsub(/"/, "", name)
    strategy = name; sub(/.*\//, "", strategy); sub(/\/[^\/]*$/, "", name)
    steps = $column["steps"]; rate = $column["steps/s"]
    if (strategy == "random") { first = sprintf("%.0f | %.2f M", rate / steps, rate / 1e6); next }
    printf "| %s | %s | %.0f | %.2f M | %.0f |\n", name, first, rate / steps, rate / 1e6, steps
  }'
echo
build/release/bin/scenario_bench --functions
