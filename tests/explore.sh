#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `daxrace explore` by several workers, interrupted, killed and resumed: the same final figures as in one go, and
# nothing is left behind.
set -uo pipefail
set -m # background jobs listen to SIGINT
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
daxrace=$DAXRACE_BIN/daxrace
scenario=$DAXRACE_SOURCE/scenarios/found-write-during-pmd-fault.dax
other=$DAXRACE_SOURCE/scenarios/found-write-during-fault.dax
failed=0
# Searches that last: long enough to be stopped in the middle.
some=3
more=4
[[ -z ${DAXRACE_SLOW:-} ]] || { some=2; more=3; }

fail() {
  echo "$1"
  failed=1
}

# explore ARGUMENTS...: to its end; the figures are in out.
explore() { "$daxrace" explore "$scenario" --all --no-save --json "$@" >out 2>err; }

# start ARGUMENTS...: in the background, as $pid; returns when it is well under way.
start() {
  : >err
  DAXRACE_PROGRESS_MS=1 "$daxrace" explore "$scenario" --all --no-save --json "$@" >out 2>err &
  pid=$!
  until grep -q 'left' err || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done
}

# expect_same WHAT: out is what one process says.
expect_same() { cmp -s out whole || fail "$1: $(diff out whole | head -n 5)"; }

expect_gone() {
  local process
  for process in "$@"; do
    for _ in {1..500}; do
      grep -qs '^State:.[^ZX]' "/proc/$process/status" || continue 2
      sleep 0.01
    done
    fail "process $process is left"
  done
}

# --- any number of workers; without recognised states, exactly the same
explore --preemptions $some --no-prune
[[ $? == 1 ]] || fail "a finding, but not exit 1"
cp out whole
for jobs in 2 3; do
  explore --preemptions $some --no-prune --jobs $jobs
  [[ $? == 1 ]] || fail "$jobs jobs: not exit 1"
  expect_same "$jobs jobs"
done

# --- interrupted again and again, with another number of workers each time
interruptions=0
arguments=(--preemptions $some --no-prune --checkpoint cut)
for jobs in 2 1 3 2 1; do
  start "${arguments[@]}" --jobs $jobs
  children=$(cat /proc/$pid/task/$pid/children 2>/dev/null)
  kill -INT $pid 2>/dev/null
  wait $pid
  status=$?
  # shellcheck disable=SC2086
  expect_gone $children
  ((status == 130)) || break
  interruptions=$((interruptions + 1))
  grep -q '"interrupted": true' out || fail "interrupted, but it does not say so"
  grep -q '"checkpoint": "cut"' out || fail "interrupted, but no checkpoint is named"
  [[ -s cut ]] || fail "no checkpoint"
  arguments=(--preemptions $some --no-prune --resume cut)
done
((interruptions > 0)) || fail "it was never interrupted"
echo "$interruptions interruptions"
((status == 1)) || explore "${arguments[@]}"
expect_same "interrupted and resumed"
[[ ! -e cut ]] || fail "the checkpoint of a search that has ended is left"

# --- one worker, with recognised states: as if nothing had been, after SIGTERM too
explore --preemptions $more
cp out whole
start --preemptions $more --checkpoint cut
kill -TERM $pid
wait $pid
[[ $? == 130 ]] || fail "SIGTERM: not exit 130"
cp cut kept
explore --preemptions $more --resume cut
expect_same "resumed after SIGTERM"

# --- the parent is killed: what a periodic checkpoint holds is not lost, and its workers end
for jobs in 1 3; do
  export DAXRACE_CHECKPOINT_MS=10
  start --preemptions $more --checkpoint periodic --jobs $jobs
  unset DAXRACE_CHECKPOINT_MS
  until [[ -s periodic ]]; do sleep 0.01; done
  children=$(cat /proc/$pid/task/$pid/children)
  [[ $(wc -w <<<"$children") == "$jobs" ]] || fail "$jobs jobs, but the processes are: $children"
  kill -KILL $pid
  wait $pid 2>/dev/null
  # shellcheck disable=SC2086
  expect_gone $children
  explore --preemptions $more --resume periodic --jobs $jobs
  [[ $? == 1 ]] || fail "after kill -9, $jobs jobs: $(cat err)"
  if ((jobs == 1)); then
    expect_same "after kill -9"
  else
    # Who comes to a state first is not always the same; what is found is.
    for file in out whole; do { grep '"states"' $file; sed -n '/"verdicts"/,$p' $file; } >$file.found; done
    diff out.found whole.found || fail "after kill -9, $jobs jobs: something else is found"
    rm out.found whole.found
  fi
done

# --- for people
DAXRACE_PROGRESS_MS=1 "$daxrace" explore "$scenario" --preemptions 99 --all --no-prune --no-save >out 2>err &
pid=$!
until grep -q 'left' err; do sleep 0.01; done
kill -INT $pid
wait $pid
[[ $? == 130 ]] || fail "without a checkpoint: not exit 130"
grep -qE '^INTERRUPTED after [0-9,]+ executions: (about|more than|less than) [0-9.]+% of bound [0-9]+ is left$' out || fail "no summary: $(tail -n 1 out)"
grep -qE '^daxrace: info: bound [0-9]+: [0-9,]+ executions.*; (about|more than|less than) [0-9.]+% of this bound left' err || fail "no progress"
explore --preemptions 2
[[ ! -s err ]] || fail "a short search says: $(cat err)"

# --- without a bound: whatever the strategy, the same answers
unbounded=$DAXRACE_SOURCE/scenarios/001-fault-races-with-write.dax
for strategy in dpor stateful; do
  "$daxrace" explore "$unbounded" --strategy $strategy --no-save >out 2>err || fail "$strategy: exit $?, where there is no finding"
done
"$daxrace" explore "$unbounded" --kernel v4.11 --preemptions all --all --no-save --json >out 2>err
sed -n '/"verdicts"/,$p' out >whole
grep -q stale-read whole || fail "dfs: no stale-read"
for strategy in dpor stateful; do
  "$daxrace" explore "$unbounded" --kernel v4.11 --strategy $strategy --all --no-save --json >out 2>err
  status=$?
  ((status == 1)) || fail "$strategy: exit $status, where there is a finding"
  sed -n '/"verdicts"/,$p' out | diff - whole || fail "$strategy: other verdicts than dfs"
done

# --- the same by several workers, who may run more; interrupted and resumed with another number
large=$scenario
scenario=$other
for strategy in dpor stateful; do
  for jobs in 2 3; do
    "$daxrace" explore "$unbounded" --kernel v4.11 --strategy $strategy --all --no-save --json --jobs $jobs >out 2>err
    (($? == 1)) || fail "$strategy, $jobs jobs: not exit 1"
    [[ ! -s err ]] || fail "$strategy, $jobs jobs, says: $(cat err)"
    sed -n '/"verdicts"/,$p' out | diff - whole || fail "$strategy, $jobs jobs: other verdicts than dfs"
  done
  explore --strategy $strategy
  sed -n '/"verdicts"/,$p' out >one
  start --strategy $strategy --jobs 2 --checkpoint cut
  kill -INT $pid 2>/dev/null
  wait $pid
  [[ $? == 130 ]] && explore --strategy $strategy --jobs 3 --resume cut
  sed -n '/"verdicts"/,$p' out | diff - one || fail "$strategy, interrupted and resumed: something else is found"
  [[ ! -e cut ]] || fail "$strategy: a checkpoint is left"
done
rm one
scenario=$large

# --- for machines: what is no bound is null
grep -q '"strategy": "stateful"' out || fail "no strategy in: $(cat out)"
grep -q '"preemptions": null' out || fail "no bound, but: $(grep preemptions out)"
grep -q '"stale-read": null' out || fail "no bound, but: $(grep stale out)"

# --- refused: one line, exit 2, nothing written
# refuse PART ARGUMENTS...
refuse() {
  local part=$1 status
  shift
  "$daxrace" explore "$@" >out 2>err
  status=$?
  if ((status != 2)) || (($(wc -l <err) != 1)) || [[ -s out ]] || ! grep -qF -- "$part" err; then
    fail "explore $*: exit $status; wanted one line with: $part; $(head -c 600 err)"
  fi
}
head -c 100 kept >short
{ head -c 150 kept; printf '\xff\xff'; tail -c +153 kept; } >damaged
refuse 'another search' "$other" --all --preemptions $more --resume kept
refuse 'another search' "$scenario" --all --preemptions 1 --resume kept
refuse 'another search' "$scenario" --all --preemptions $more --no-prune --resume kept
refuse 'another search' "$scenario" --all --preemptions $more --kernel v6.14 --resume kept
refuse 'another search' "$scenario" --preemptions $more --resume kept
refuse 'cut off or damaged' "$scenario" --all --preemptions $more --resume short
refuse 'cut off or damaged' "$scenario" --all --preemptions $more --resume damaged
refuse 'not a checkpoint' "$scenario" --resume "$scenario"
refuse 'missing: No such file' "$scenario" --resume missing
refuse 'kept: exists' "$scenario" --checkpoint kept
refuse 'no/such/directory' "$scenario" --checkpoint no/such/directory/x
refuse '--jobs' "$scenario" --jobs 0
for strategy in dpor stateful; do
  refuse 'no bound' "$scenario" --strategy $strategy --preemptions 2
done
refuse 'run --strategy random' "$scenario" --strategy random
refuse 'did you mean `dpor`' "$scenario" --strategy dopr

ls -A >left
printf '%s\n' damaged err kept left out short whole | diff - left || fail "files are left"
exit $failed
