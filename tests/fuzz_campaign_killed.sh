#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# kill -9 of the supervisor or of a worker at 50 random moments: whatever has been reported stays, every file is whole
# at every moment, and the same command goes on. The moments are drawn from a seed, which is printed.
set -uo pipefail
daxrace=${DAXRACE_BIN:-build/fuzz/bin}/daxrace
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
readonly kills=50
RANDOM=${1:-$$}
echo "fuzz_campaign_killed: seed ${1:-$$}"
out=$scratch/out
command=("$daxrace" fuzz --out "$out" --for 1h --jobs 2 --kernel v4.11)
fail() {
  echo "fuzz_campaign_killed: $1"
  [[ -z ${2:-} ]] || tail -n 5 "$2"
  exit 1
}

# Each file that has been seen once must be there and be whole.
declare -A seen=()
seconds=0
check() {
  local finding now
  for finding in "${!seen[@]}"; do [[ -s $finding ]] || fail "$finding is lost"; done
  for finding in "$out"/findings/*.dax; do
    [[ -e $finding ]] || continue
    seen[$finding]=1
    # Only a whole file ends with the hash of its trace; those that record none end with a line.
    [[ $(head -n 1 "$finding") == 'daxrace 1' && -z $(tail -c 1 "$finding") ]] || fail "$finding is not whole"
  done
  while read -r finding; do [[ -s $finding ]] || fail "$finding was reported and is lost"; done \
    < <(sed -n 's/^  .* replay //p' "$scratch/log")
  [[ -e $out/status.json ]] || return 0
  [[ $(head -c 1 "$out/status.json") == '{' && $(tail -n 1 "$out/status.json") == '}' ]] || fail "status.json is not whole"
  now=$(sed -n 's/^ "seconds": \([0-9]*\).*/\1/p' "$out/status.json")
  ((now >= seconds)) || fail "elapsed time fell from $seconds to $now"
  seconds=$now
}

supervisor=
: >"$scratch/log"
for ((kill = 0; kill < kills; ++kill)); do
  if [[ -z $supervisor ]]; then
    "${command[@]}" >>"$scratch/log" 2>&1 </dev/null &
    supervisor=$!
  fi
  sleep "$((RANDOM % 2)).$((RANDOM % 10))$((RANDOM % 10))"
  kill -0 "$supervisor" 2>/dev/null || fail "the campaign ended by itself" "$scratch/log"
  mapfile -t workers < <(pgrep -P "$supervisor")
  if ((RANDOM % 2 == 0 && ${#workers[@]} > 0)); then
    kill -KILL "${workers[RANDOM % ${#workers[@]}]}" 2>/dev/null
  else
    kill -KILL "$supervisor"
    wait "$supervisor" 2>/dev/null
    supervisor=
    # Nobody may go on writing.
    for worker in "${workers[@]}"; do
      for _ in $(seq 100); do
        [[ -e /proc/$worker/stat && $(awk '{ print $3 }' "/proc/$worker/stat" 2>/dev/null) != Z ]] || continue 2
        sleep 0.05
      done
      fail "worker $worker outlived its campaign"
    done
  fi
  check
done
[[ -z $supervisor ]] || { kill -KILL "$supervisor"; wait "$supervisor" 2>/dev/null; }

# Taken up a last time, it ends in order, and each finding replays. It cannot end in order before it has begun.
resumed=$(grep -c 'going on with' "$scratch/log")
"${command[@]}" >>"$scratch/log" 2>&1 </dev/null &
supervisor=$!
for ((i = 0; i < 600; ++i)); do
  (($(grep -c 'going on with' "$scratch/log") > resumed)) && break
  sleep 0.1
done
sleep 3
kill -TERM "$supervisor"
wait "$supervisor"
status=$?
((status == 130)) || fail "the last start ended with $status, wanted 130" "$scratch/log"
check
((${#seen[@]} > 0)) || fail "no findings in $kills starts" "$scratch/log"
for finding in "${!seen[@]}"; do
  "$daxrace" replay "$finding" >/dev/null
  (($? == 1)) || fail "$finding does not replay"
done
grep -q 'not confirmed' "$out/report.html" && fail "a finding counts as not confirmed because its process was killed"
for file in summary.json report.html junit.xml; do [[ -s $out/$file ]] || fail "no $file"; done
find "$out/findings" "$out/minimised" -type f ! -name '*.dax' | grep -q . && fail "something half-written stays in findings"
echo "fuzz_campaign_killed: $kills kills, ${#seen[@]} findings, all there"
