# SPDX-License-Identifier: GPL-2.0-only
# daxrace weak: lists, finds, passes, replays with the identical trace, and refuses in one line.
set -u
cd "${DAXRACE_SOURCE:?}" || exit 2
daxrace=${DAXRACE_BIN:?}/daxrace
if [[ ! -x ${DAXRACE_BIN}/daxrace-weak ]]; then
  echo "daxrace-weak is not built here: skipped"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
  echo "FAIL: $*"
  failed=1
}

# expect STATUS NAME COMMAND...: its exit status; what it printed is in $work/NAME.
expect() {
  local status=$1 name=$2 got
  shift 2
  "$@" >"$work/$name" 2>"$work/$name.err"
  got=$?
  ((got == status)) || fail "$* ended with $got, expected $status: $(head -n 3 "$work/$name.err")"
}

expect 0 list "$daxrace" weak list
grep -q -e '--without smp_rmb@gup_must_unshare' "$work/list" || fail "the list lacks an ordering"
expect 0 list.json "$daxrace" weak list --json
grep -q '"smp_mb__after_atomic@try_grab_folio_fast"' "$work/list.json" || fail "the JSON list lacks an ordering"

expect 0 passed "$daxrace" weak run ksm_read
grep -q '^PASSED [0-9,]* executions: no finding; outcomes: ' "$work/passed" || fail "no PASSED: $(cat "$work/passed")"
expect 0 full "$daxrace" weak run sb_mb --search full
expect 0 random "$daxrace" weak run fork_write --search random --executions 2000 --seed 3

# A finding of each kind, under each search.
expect 1 found "$daxrace" weak run ksm_read --without smp_rmb@gup_must_unshare
grep -q '^FOUND broken-invariant in execution ' "$work/found" || fail "no finding: $(head -n 3 "$work/found")"
grep -q '^ *[0-9][0-9]* >' "$work/found" || fail "no old value is marked"
grep -q '^old value: in step ' "$work/found" || fail "no old value is told of"
while IFS= read -r line; do
  ((${#line} <= 72)) || [[ $line == daxrace\ * ]] || fail "wider than 72: $line"
done <"$work/found"
expect 1 deadlock "$daxrace" weak run wait_idle_1 --without smp_mb@set_current_state
grep -q '^deadlock: T0 sleeps, and nobody is left to wake it' "$work/deadlock" || fail "no deadlock"
expect 1 race "$daxrace" weak run pgmap_1 --without synchronize_rcu@percpu_ref_kill --search full
grep -q '^data-race: ' "$work/race" || fail "no data race"
expect 1 two "$daxrace" weak run fork_write --without smp_mb__after_atomic@try_grab_folio_fast \
  --without smp_rmb@read_seqcount_retry --search random --executions 100000

# The recorded execution again, twice: everything but the first line and the number of the execution is the same.
for name in found deadlock race two; do
  replay=$(tail -n 1 "$work/$name")
  for time in 1 2; do
    # shellcheck disable=SC2086
    expect 1 "$name.$time" "$daxrace" ${replay#daxrace }
    sed -e 1,2d "$work/$name" >"$work/a"
    sed -e 1,2d "$work/$name.$time" >"$work/b"
    cmp -s "$work/a" "$work/b" || fail "$name: the replay differs: $(diff "$work/a" "$work/b" | head -n 5)"
    grep -q '^trace [0-9a-f]\{16\}$' "$work/b" || fail "$name: no trace hash"
  done
done
expect 1 json "$daxrace" weak run ksm_read --without smp_rmb@gup_must_unshare --json
grep -q '"stale": true' "$work/json" || fail "no stale load in the JSON"
grep -q '"verdict": "broken-invariant"' "$work/json" || fail "no verdict in the JSON"

# refuses NAME WORDS COMMAND...: exit 2, one line.
refuses() {
  local name=$1 words=$2
  shift 2
  expect 2 "$name" "$@"
  (($(wc -l <"$work/$name.err") == 1)) || fail "$*: not one line: $(cat "$work/$name.err")"
  grep -q -- "$words" "$work/$name.err" || fail "$*: $(cat "$work/$name.err")"
}
refuses program 'did you mean `ksm_read`' "$daxrace" weak run ksm_rea
refuses without 'did you mean `smp_rmb@gup_must_unshare`' "$daxrace" weak run ksm_read --without smp_rmb@gup_must_unshar
refuses search '--search' "$daxrace" weak run ksm_read --search deep
refuses schedule 'no schedule' "$daxrace" weak run ksm_read --schedule 'd 1'
refuses subcommand 'did you mean `run`' "$daxrace" weak rum
exit "$failed"
