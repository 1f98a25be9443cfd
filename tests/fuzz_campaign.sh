#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A campaign as a user runs it: findings with exit 1, each replays; taken up again it goes on; with all of them in a
# baseline it is exit 3; the same seed and number of runs give the same corpus and findings; a worker that crashes is
# filed apart; an interrupt ends with a summary and 130; a disk that is full stops nothing; what is wrong with a
# command is one line, exit 2, and nothing is touched.
set -uo pipefail
bin=${DAXRACE_BIN:-build/fuzz/bin}
daxrace=$bin/daxrace
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
fail() {
  echo "fuzz_campaign: $1"
  [[ -z ${2:-} ]] || tail -n 5 "$2"
  failed=1
}

# campaign WANTED-STATUS OUT ARGUMENTS...
campaign() {
  local wanted=$1 out=$2 status=0
  shift 2
  "$daxrace" fuzz --out "$out" "$@" >"$scratch/log" 2>&1 </dev/null || status=$?
  ((status == wanted)) || fail "fuzz --out $out $*: exit $status, wanted $wanted" "$scratch/log"
}
# number_of KEY DIR
number_of() {
  sed -n "s/^ \"$1\": \([0-9]*\).*/\1/p" "$2/summary.json"
}

campaign 1 "$scratch/a" --for 6s --jobs 2 --kernel v4.11
findings=("$scratch"/a/findings/finding-*.dax)
[[ -e ${findings[0]} ]] || fail "no findings" "$scratch/log"
for finding in "${findings[@]}"; do
  "$daxrace" replay "$finding" >/dev/null
  (($? == 1)) || fail "$finding does not replay"
done
grep -q '"confirmed": false' "$scratch/a/summary.json" && fail "a finding is not confirmed"
grep -qiE 'https?://|src=' "$scratch/a/report.html" && fail "the report needs the network"
grep -q '<polyline' "$scratch/a/report.html" || fail "the report has no curves"
grep -q '<failure ' "$scratch/a/junit.xml" || fail "JUnit shows no failure"
executions=$(number_of executions "$scratch/a")
((executions > 0)) || fail "no executions"

# The same command has nothing left to do; a longer one goes on.
campaign 1 "$scratch/a" --for 6s --jobs 2 --kernel v4.11
campaign 1 "$scratch/a" --for 8s --jobs 1 --kernel v4.11
grep -q 'going on with' "$scratch/log" || fail "it does not go on" "$scratch/log"
(($(number_of executions "$scratch/a") > executions)) || fail "executions of the first part are lost"
for finding in "${findings[@]}"; do [[ -e $finding ]] || fail "$finding is lost"; done

# Reproducible; and what is known is not new.
for name in b c; do campaign 1 "$scratch/$name" --seed 7 --jobs 1 --runs 3000 --kernel v4.11; done
diff -r "$scratch/b/corpus" "$scratch/c/corpus" >/dev/null || fail "the same seed gave another corpus"
diff -r "$scratch/b/findings" "$scratch/c/findings" >/dev/null || fail "the same seed gave other findings"
campaign 3 "$scratch/d" --seed 7 --jobs 1 --runs 3000 --kernel v4.11 --baseline "$scratch/b/signatures.txt"
campaign 1 "$scratch/e" --seed 7 --jobs 1 --runs 2000 --kernel v4.11 --scenario "$DAXRACE_SOURCE/scenarios/001-fault-races-with-write.dax"

# A worker dies of a signal: infrastructure, and the campaign goes on. Then it is interrupted.
"$daxrace" fuzz --out "$scratch/f" --for 60s --kernel v4.11 >"$scratch/log" 2>&1 &
supervisor=$!
sleep 2
worker=$(pgrep -P "$supervisor" daxrace-fuzz | head -n 1)
kill -SEGV "$worker"
sleep 3
pgrep -P "$supervisor" daxrace-fuzz >/dev/null || fail "no worker was started again"
kill -INT "$supervisor"
wait "$supervisor"
(($? == 130)) || fail "an interrupt is not exit 130" "$scratch/log"
(($(number_of infrastructure "$scratch/f") >= 1)) || fail "the crash was not counted"
ls "$scratch"/f/infrastructure/crash-* >/dev/null 2>&1 || fail "no crash file of the worker"
ls "$scratch"/f/infrastructure/worker-*.log >/dev/null 2>&1 || fail "no last words of the worker"

# Files may have one block: findings are small enough, status and reports are not.
(ulimit -f 1; "$daxrace" fuzz --out "$scratch/full" --for 3s --kernel v4.11 2>&1) | cat >"$scratch/log"
((PIPESTATUS[0] == 4)) || fail "a full disk: the summary cannot be written, wanted exit 4" "$scratch/log"
grep -q 'the campaign goes on' "$scratch/log" || fail "a full disk is not told" "$scratch/log"
find "$scratch/full" -name '*.new' | grep -q . && fail "a half-written file stays"
campaign 1 "$scratch/full" --for 4s --kernel v4.11

# refuse PART ARGUMENTS...: one line with PART, exit 2.
refuse() {
  local part=$1 status=0
  shift
  "$daxrace" fuzz "$@" >"$scratch/log" 2>&1 </dev/null || status=$?
  if ((status != 2)) || (($(grep -c . "$scratch/log") != 1)) || ! grep -qF -- "$part" "$scratch/log"; then
    fail "fuzz $*: exit $status, wanted 2 and one line with: $part" "$scratch/log"
  fi
}
mkdir "$scratch/foreign" "$scratch/broken"
echo mine >"$scratch/foreign/thesis.tex"
echo garbage >"$scratch/broken/campaign.json"
echo garbage >"$scratch/garbage.dax"
new=$scratch/new
refuse 'holds files and no campaign' --for 1s --out "$scratch/foreign"
[[ $(ls -A "$scratch/foreign") == thesis.tex ]] || fail "a foreign directory was touched"
refuse 'cannot be read as a campaign' --for 1s --out "$scratch/broken"
refuse 'another kernel' --for 1s --out "$scratch/a"
refuse 'is no directory' --for 1s --out "$scratch/garbage.dax"
refuse 'v4.9 is not modelled' --for 1s --out "$new" --kernel v4.9
refuse 'no duration' --for never --out "$new"
refuse 'no duration' --for 0s --out "$new"
refuse 'how long' --out "$new"
refuse '--jobs' --for 1s --out "$new" --jobs 0
refuse 'garbage.dax' --for 1s --out "$new" --scenario "$scratch/garbage.dax"
refuse 'baseline' --for 1s --out "$new" --baseline "$scratch/missing"
refuse 'no fuzzing program' --for 1s --out "$new" --fuzzer "$scratch/missing"
[[ -e $new ]] && fail "a wrong command left something"
if ((EUID != 0)); then
  chmod a-w "$scratch/foreign"
  refuse 'cannot be written' --for 1s --out "$scratch/foreign"
  refuse 'cannot be made' --for 1s --out "$scratch/foreign/new"
fi
refuse 'cannot be made' --for 1s --out /proc/daxrace

# A corpus of garbage, and a status that is none.
mkdir -p "$scratch/f/corpus"
head -c 3000 /dev/urandom >"$scratch/f/corpus/garbage"
echo '{"seconds": "never"}' >"$scratch/f/status.json"
campaign 1 "$scratch/f" --for 2s --kernel v4.11
exit "$failed"
