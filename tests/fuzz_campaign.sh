#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A campaign as a user runs it: findings with exit 1, each replays; taken up again it goes on; with all of them in a
# baseline it is exit 3; the same seed and number of runs give the same corpus and findings; a worker that crashes is
# filed apart; an interrupt ends with a summary and 130; a disk that is full stops nothing; what is wrong with a
# command is one line, exit 2, and nothing is touched. What is found is made smaller and explained meanwhile.
set -uo pipefail
bin=${DAXRACE_BIN:-build/fuzz/bin}
daxrace=$bin/daxrace
scratch=$(mktemp -d)
# Seconds in which something is found.
slow=1
[[ -z ${DAXRACE_SLOW:-} ]] || slow=4
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

campaign 1 "$scratch/a" --for $((6 * slow))s --jobs 2 --kernel v4.11
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

for key in resident_kb steps_per_cpu_second cpu_seconds features pairs; do
  grep -q "^ \"$key\": [1-9]" "$scratch/a/status.json" || fail "status.json: no $key"
done

# The same command has nothing left to do; a longer one goes on. Timelines are kept, and not in what is written
# again and again.
timelines() { grep -c '"timeline": "[^"]' "$scratch/a/summary.json"; }
drawn=$(timelines)
((drawn > 1)) || fail "$drawn findings have a timeline"
grep -q '"timeline"' "$scratch/a/status.json" && fail "status.json has timelines"
campaign 1 "$scratch/a" --for $((6 * slow))s --jobs 2 --kernel v4.11
((2 * $(timelines) >= drawn)) || # some may be about to be drawn again, of smaller programs
  fail "of $drawn timelines $(timelines) are left"
campaign 1 "$scratch/a" --for $((8 * slow))s --jobs 1 --kernel v4.11
grep -q 'going on with' "$scratch/log" || fail "it does not go on" "$scratch/log"
(($(number_of executions "$scratch/a") > executions)) || fail "executions of the first part are lost"
for finding in "${findings[@]}"; do [[ -e $finding ]] || fail "$finding is lost"; done

# What a task spins in for ever is found, and not kept for its mutants to do the same.
mkdir -p "$scratch/spins/corpus" "$scratch/spins/findings"
"$bin/daxrace-fuzz" --kernel=v4.10 --campaign="$scratch/spins/findings" -runs=20000 -seed=7 -verbosity=0 \
  "$scratch/spins/corpus" >"$scratch/log" 2>&1 || fail "daxrace-fuzz on v4.10" "$scratch/log"
compgen -G "$scratch/spins/findings/*livelock*" >/dev/null || fail "no livelock on v4.10"
(($(find "$scratch/spins/corpus" -type f | wc -l) > 500)) || fail "next to no inputs on v4.10"
"$bin/daxrace-fuzz" --kernel=v4.10 --only=livelock "$scratch"/spins/corpus/* >"$scratch/log" 2>&1 ||
  fail "an input that was kept livelocks" "$scratch/log"

# Reproducible; and what is known is not new.
for name in b c; do campaign 1 "$scratch/$name" --seed 7 --jobs 1 --runs 3000 --kernel v4.11; done
diff -r "$scratch/b/corpus" "$scratch/c/corpus" >/dev/null || fail "the same seed gave another corpus"
diff -r "$scratch/b/findings" "$scratch/c/findings" >/dev/null || fail "the same seed gave other findings"
campaign 3 "$scratch/d" --seed 7 --jobs 1 --runs 3000 --kernel v4.11 --baseline "$scratch/b/signatures.txt"
sed 's|/.*|/*|' "$scratch/b/signatures.txt" >"$scratch/patterns"
campaign 3 "$scratch/k" --seed 7 --jobs 1 --runs 3000 --kernel v4.11 --baseline "$scratch/patterns"
campaign 1 "$scratch/e" --seed 7 --jobs 1 --runs 2000 --kernel v4.11 --scenario "$DAXRACE_SOURCE/scenarios/001-fault-races-with-write.dax"

# A worker dies of a signal: infrastructure, and the campaign goes on. Then it is interrupted.
"$daxrace" fuzz --out "$scratch/f" --for 60s --kernel v4.11 >"$scratch/log" 2>&1 &
supervisor=$!
# worker_but PID: a worker that is not PID, waited for
worker_but() {
  local found
  for ((i = 0; i < 600; ++i)); do
    found=$(pgrep -P "$supervisor" daxrace-fuzz | grep -vx "$1" | head -n 1)
    [[ -n $found ]] && echo "$found" && return
    sleep 0.1
  done
}
for ((i = 0; i < 600; ++i)); do
  grep -qs '"executions": [1-9]' "$scratch/f/status.json" && break
  sleep 0.1
done
worker=$(worker_but 0)
kill -SEGV "$worker"
[[ -n $(worker_but "$worker") ]] || fail "no worker was started again"
kill -INT "$supervisor"
wait "$supervisor"
(($? == 130)) || fail "an interrupt is not exit 130" "$scratch/log"
(($(number_of infrastructure "$scratch/f") >= 1)) || fail "the crash was not counted"
ls "$scratch"/f/infrastructure/crash-* >/dev/null 2>&1 || fail "no crash file of the worker"
ls "$scratch"/f/infrastructure/worker-*.log >/dev/null 2>&1 || fail "no last words of the worker"

# What is found is made smaller and explained while the search goes on; it stays as it was found, the smaller one shows
# the same. SIGTERM is an orderly end, and what was not done is done when the same command goes on.
mapfile -t before < <(cd "$scratch/b/findings" && sha256sum ./*.dax)
"$daxrace" fuzz --out "$scratch/b" --seed 7 --jobs 1 --runs 1000000000 --kernel v4.11 >"$scratch/log" 2>&1 &
supervisor=$!
# Not before it is at work: what it did in its first part may be all that is waited for below.
for ((i = 0; i < 600; ++i)); do
  grep -q 'going on with' "$scratch/log" && break
  sleep 0.1
done
# One is done, and there are two that are alike.
wanted='"closed_by": \[$'
[[ -z ${DAXRACE_SLOW:-} ]] || wanted='"minimised": "done"'
for ((i = 0; i < 2000; ++i)); do
  grep -qs "$wanted" "$scratch/b/status.json" &&
    [[ -n $(sed -n 's/^ *"cause": //p' "$scratch/b/status.json" | sort | uniq -d) ]] && break
  sleep 0.1
done
kill -TERM "$supervisor"
wait "$supervisor"
(($? == 130)) || fail "SIGTERM is not exit 130" "$scratch/log"
grep -q '"minimised": "done"' "$scratch/b/status.json" || fail "nothing was made smaller"
# What has the same cause is folded: each timeline is there, and no more of them in sight than causes.
(($(grep -c '<summary>[0-9,]* more</summary>' "$scratch/b/report.html") > 0)) || fail "no finding is folded"
# With a sanitizer that takes ten times as long.
[[ -n ${DAXRACE_SLOW:-} ]] || grep -q 'goes away with' "$scratch/b/report.html" || fail "nothing was explained"
for smaller in "$scratch"/b/minimised/*.dax; do
  finding=$scratch/b/findings/${smaller##*/}
  [[ -s $finding ]] || fail "$finding is lost"
  "$daxrace" replay --verify "$smaller" >/dev/null || fail "$smaller does not verify"
  signature=$(sed -n 's/^signature *//p' "$smaller")
  "$daxrace" replay --json "$finding" >"$scratch/replayed"
  grep -qF -- "$signature" "$scratch/replayed" || fail "$smaller shows something else"
done

# Files may have one block: findings are small enough, status and reports are not once there is one.
(ulimit -f 1; "$daxrace" fuzz --out "$scratch/full" --seed 7 --runs 3000 --kernel v4.11 2>&1) | cat >"$scratch/log"
((PIPESTATUS[0] == 4)) || fail "a full disk: the summary cannot be written, wanted exit 4" "$scratch/log"
grep -q 'the campaign goes on' "$scratch/log" || fail "a full disk is not told" "$scratch/log"
find "$scratch/full" -name '*.new' | grep -q . && fail "a half-written file stays"
campaign 1 "$scratch/full" --seed 7 --runs 3500 --kernel v4.11

# A disk that is really full, where this user may make one.
mkdir "$scratch/disk"
if ((EUID == 0)) && mount -t tmpfs -o size=256k none "$scratch/disk" 2>/dev/null; then
  "$daxrace" fuzz --out "$scratch/disk/c" --for 3s --kernel v4.11 >"$scratch/log" 2>&1
  (($? == 4)) || fail "a full disk: wanted exit 4" "$scratch/log"
  for finding in "$scratch"/disk/c/findings/*.dax; do
    [[ ! -e $finding || -z $(tail -c 1 "$finding") ]] || fail "$finding is not whole"
  done
  umount "$scratch/disk"
fi
if ((EUID == 0)) && mount -t tmpfs -o ro none "$scratch/disk" 2>/dev/null; then
  "$daxrace" fuzz --out "$scratch/disk/c" --for 3s >"$scratch/log" 2>&1
  (($? == 2 && $(grep -c . "$scratch/log") == 1)) || fail "a read-only disk: wanted exit 2 and one line" "$scratch/log"
  umount "$scratch/disk"
fi

# Stopped and continued; files whose times are far from now.
"$daxrace" fuzz --out "$scratch/g" --for $((4 * slow))s --kernel v4.11 >"$scratch/log" 2>&1 &
supervisor=$!
sleep 1
kill -STOP "$supervisor"
sleep 2
kill -CONT "$supervisor"
wait "$supervisor"
(($? == 1)) || fail "stopped and continued, wanted exit 1" "$scratch/log"
find "$scratch/g" -exec touch -d '2099-01-01' {} +
campaign 1 "$scratch/g" --for $((5 * slow))s --kernel v4.11
find "$scratch/g" -exec touch -d '1980-01-01' {} +
campaign 1 "$scratch/g" --for $((6 * slow))s --kernel v4.11
seconds=$(number_of seconds "$scratch/g")
((seconds >= 5 * slow && seconds <= 30 * slow)) || fail "a clock that jumps: $seconds seconds"

# An input that ends each worker that reads it is taken out and filed, and the campaign goes on.
printf 'daxrace 1\ntitle     crash the worker\nkernel    v4.11\nsetup\n  creat f size=1pg\ntask P.A\n  fsync f\n' >"$scratch/poison"
campaign 1 "$scratch/h" --runs 500 --kernel v4.11 --fuzzer "$bin/daxrace-fuzz-canary" --seed 3
cp "$scratch/poison" "$scratch/h/corpus/poison"
"$daxrace" fuzz --out "$scratch/h" --runs 3000 --kernel v4.11 --fuzzer "$bin/daxrace-fuzz-canary" --seed 3 >"$scratch/log" 2>&1
cmp -s "$scratch/poison" "$scratch/h/infrastructure/taken-out-poison" || fail "the input was not taken out" "$scratch/log"
(($(number_of executions "$scratch/h") >= 2500)) || fail "the campaign did not go on" "$scratch/log"
(($(number_of infrastructure "$scratch/h") >= 1)) || fail "the crash was not counted"

# A worker that only says that it runs: nothing new was tried, which is not the same as nothing found.
cat >"$scratch/idle" <<'EOF'
#!/bin/bash
for word; do
  case $word in
    --stats=*) printf 'executions 5000\nsteps 9\npairs 0\nend\n' >"${word#--stats=}" ;;
  esac
done
EOF
chmod +x "$scratch/idle"
campaign 0 "$scratch/i" --runs 5000 --fuzzer "$scratch/idle"
grep -q 'nothing new was tried in 5,000 executions' "$scratch/log" || fail "idle workers are not told apart" "$scratch/log"
"$daxrace" fuzz --out "$scratch/j" --runs 300 --seed 2 >"$scratch/log" 2>&1
grep -qE 'nothing was found|something was found' "$scratch/log" || fail "workers that try are not told apart" "$scratch/log"

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
campaign 1 "$scratch/f" --runs 4000 --kernel v4.11
exit "$failed"
