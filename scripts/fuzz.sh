#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: scripts/fuzz.sh [OPTION]... [-- OPTION OF daxrace-fuzz...]
#
# Installs what is missing, builds, and fuzzes programs and schedules from the scenarios on, for the whole time: the
# first program that shows a finding is kept, and the search goes on. Ends with the list of the distinct findings and
# the commands that replay them (exit 1), or with one line that there is none (exit 0). On the newest kernel, findings
# that corpus/ has already are known; if there are no others, the exit status is 3. Wrong usage, or a fuzzer that fails
# itself, is exit 2.
#
#   --for DURATION    how long: 90 or 90s, 10m, 8h (60s)
#   --out DIR         where corpus, seeds, log and crash files go (runs/fuzz); a corpus there is used again
#   --kernel V        the kernel to model, for example v5.17 (the newest)
#   --without C       leave patch C out; may be repeated
#   --with C          put patch C in; may be repeated
#   --first           stop at the first finding, with a crash file of libFuzzer's
#   --empty-corpus    start from nothing: no seeds, and none of the corpus of earlier runs
#   --seed N          seed of libFuzzer (1)
set -euo pipefail
launch_dir=$PWD
source "$(dirname "$0")/lib.sh"

duration=60s
out=runs/fuzz
seed=1
use_seeds=yes
keep_going=(--keep-going)
readonly interrupt_status=72  # libFuzzer's
patch_args=()  # as the daxrace command takes them
fuzz_args=()   # the same for daxrace-fuzz, which leaves options with one dash to libFuzzer

# need_value OPTION LEFT: whether OPTION is followed by something.
need_value() {
  (($2 >= 2)) || usage_error "$1 needs a value"
}

while (($# > 0)); do
  case $1 in
    -h | --help) help_of "$0"; exit 0 ;;
    --for) need_value "$1" $#; duration=$2; shift ;;
    --out)
      need_value "$1" $#
      out=$2
      # Relative to where the user stands, not to the tree.
      [[ $out == /* ]] || out=$launch_dir/$out
      shift
      ;;
    --kernel | --without | --with)
      need_value "$1" $#
      patch_args+=("$1" "$2")
      fuzz_args+=("$1=$2")
      shift
      ;;
    --empty-corpus) use_seeds=no ;;
    --first) keep_going=() ;;
    --seed) need_value "$1" $#; seed=$2; shift ;;
    --) shift; break ;;
    *) usage_error "unknown argument $1; options of daxrace-fuzz go after --" ;;
  esac
  shift
done

# to_seconds DURATION
to_seconds() {
  [[ $1 =~ ^([1-9][0-9]{0,7})([smh]?)$ ]] || usage_error "'$1' is no duration: 90, 90s, 10m or 8h"
  case ${BASH_REMATCH[2]} in
    m) echo $((BASH_REMATCH[1] * 60)) ;;
    h) echo $((BASH_REMATCH[1] * 3600)) ;;
    *) echo "${BASH_REMATCH[1]}" ;;
  esac
}

seconds=$(to_seconds "$duration")
[[ $seed =~ ^[0-9]{1,9}$ ]] || usage_error "--seed takes a number, not '$seed'"
# What is printed is to be pasted where the user stands.
daxrace=build/release/bin/daxrace
if [[ $launch_dir == "$PWD" ]]; then
  out=${out#"$PWD"/}
else
  daxrace=$PWD/$daxrace
fi
readonly daxrace out

# Seeds of an earlier run may hold what the patches of this one turn into a finding at once.
make_seeds() {
  local mark=$out/.seeds-are-generated
  if [[ -d $out/seeds && ! -e $mark ]]; then
    usage_error "$out/seeds exists and was not made by this script; choose another --out"
  fi
  rm -rf "$out/seeds"
  mkdir -p "$out/seeds"
  touch "$mark"
  if ! "$daxrace" seeds --out "$out/seeds" "${patch_args[@]}"; then
    echo "harness: no seeds from '$daxrace seeds --out $out/seeds ${patch_args[*]}'" >&2
    exit 2
  fi
}

# final_stat NAME: what libFuzzer printed at its end.
final_stat() {
  awk -v key="stat::$1:" '$1 == key { sum += $2; found = 1 } END { print found ? sum : "?" }' "$log"
}

# A slow-unit- file is a remark, not a finding.
newest_crash() {
  find "$out" -maxdepth 1 -type f -newer "$started" \
    \( -name 'crash-*' -o -name 'timeout-*' -o -name 'oom-*' -o -name 'leak-*' \) -printf '%T@ %p\n' |
    sort -n | tail -n 1 | cut -d ' ' -f 2-
}

# is_known FILE: whether a regression file for the newest kernel has its signature.
is_known() {
  local signature file
  ((${#patch_args[@]} == 0)) || return 1
  signature=$("$daxrace" replay --json "$1" | sed -n 's/.*"signature": "\(.*\)",*$/\1/p' | head -n 1)
  [[ -n $signature ]] || return 1
  for file in corpus/*.dax; do
    grep -qE '^(kernel|without|with) ' "$file" && continue
    grep -qxF "signature $signature" "$file" && return 0
  done
  return 1
}

scripts/setup.sh
build_preset release daxrace || exit 2
build_preset fuzz daxrace-fuzz || exit 2

mkdir -p "$out"
log=$out/fuzz.log
started=$out/.started
if [[ $use_seeds == yes ]]; then
  corpus=$out/corpus
  mkdir -p "$corpus"
  make_seeds
  inputs=("$corpus" "$out/seeds")
else
  corpus=$(mktemp -d "$out/corpus-XXXXXX")
  inputs=("$corpus")
fi

touch "$started"
# libFuzzer ends in order on an interrupt; wait for it, and report.
interrupted=no
trap 'interrupted=yes' INT TERM
status=0
build/fuzz/bin/daxrace-fuzz "${keep_going[@]}" "${fuzz_args[@]}" "${inputs[@]}" -max_total_time="$seconds" \
  -artifact_prefix="$out/" -seed="$seed" -print_final_stats=1 "$@" 2>&1 | tee -i "$log" || status=${PIPESTATUS[0]}
trap - INT TERM

crash=$(newest_crash)
if [[ -n $crash ]]; then
  echo "finding: $crash; to replay it: $daxrace replay $crash"
  exit 1
fi
summary="$(final_stat number_of_executed_units) executions, $(final_stat new_units_added) new inputs in $corpus, seed $seed"
# Findings of this run and of earlier ones with this --out: the first program that showed each.
mapfile -t findings < <(find "$out" -maxdepth 1 -name 'finding-*.dax' | sort)
if ((${#findings[@]} > 0)); then
  new=0
  for finding in "${findings[@]}"; do
    if is_known "$finding"; then
      echo "$daxrace replay $finding  # known"
    else
      echo "$daxrace replay $finding"
      new=$((new + 1))
    fi
  done
  echo "${#findings[@]} distinct findings, $new of them new; $summary"
  ((new == 0)) && exit 3
  exit 1
fi
if [[ $interrupted == yes ]] || ((status == interrupt_status)); then
  echo "interrupted, no finding so far: $summary"
  exit 130
fi
if ((status != 0)); then
  echo "harness: daxrace-fuzz ended with status $status and left no crash file; see $log" >&2
  exit 2
fi
echo "no finding in ${seconds}s: $summary"
