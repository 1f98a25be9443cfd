#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: scripts/fuzz.sh [OPTION]... [-- OPTION OF daxrace-fuzz...]
#
# Installs what is missing, builds, and fuzzes programs and schedules from the scenarios on, for the whole time: a campaign
# of `daxrace fuzz` (docs/campaign.md). Ends with the list of the distinct findings and the commands that replay them (exit
# 1), or with one line that there is none (exit 0). On the newest kernel, findings at places that corpus/ has already are
# known; if there are no others, the exit status is 3. Wrong usage is exit 2, a fuzzer that fails itself exit 4, an interrupt exit
# 130. What was interrupted is taken up again by the same command; what had come to its end goes on for as long again.
#
#   --for DURATION    how long: 90 or 90s, 10m, 8h (60s)
#   --jobs N          workers (1)
#   --out DIR         where the campaign goes (runs/fuzz, and the names of kernel and patches)
#   --kernel V        the kernel to model, for example v5.17 (the newest)
#   --without C       leave patch C out; may be repeated
#   --with C          put patch C in; may be repeated
#   --empty-corpus    start from nothing: no scenarios
#   --seed N          seed of the workers (1)
#   --first           no campaign: libFuzzer alone, which stops at the first finding with a crash file of its own
set -euo pipefail
launch_dir=$PWD
source "$(dirname "$0")/lib.sh"

duration=60s
jobs=1
out=
name=runs/fuzz
seed=1
first=no
use_seeds=yes
patch_args=() # as the daxrace command takes them
fuzz_args=()  # the same for daxrace-fuzz, which leaves options with one dash to libFuzzer

# need_value OPTION LEFT: whether OPTION is followed by something.
need_value() {
  (($2 >= 2)) || usage_error "$1 needs a value"
}

while (($# > 0)); do
  case $1 in
    -h | --help) help_of "$0"; exit 0 ;;
    --for) need_value "$1" $#; duration=$2; shift ;;
    --jobs) need_value "$1" $#; jobs=$2; shift ;;
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
      [[ $1 == --kernel ]] || name+=-${1#--}
      name+=-${2//[^a-zA-Z0-9._-]/_}
      shift
      ;;
    --empty-corpus) use_seeds=no; name+=-empty ;;
    --first) first=yes ;;
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
[[ $seed =~ ^[1-9][0-9]{0,8}$ ]] || usage_error "--seed takes a number, not '$seed'"
[[ $jobs =~ ^[1-9][0-9]{0,3}$ ]] || usage_error "--jobs takes a number, not '$jobs'"
[[ $first == yes ]] || (($# == 0)) || usage_error "options of daxrace-fuzz go with --first"
out=${out:-$PWD/$name}
# What is printed is to be pasted where the user stands.
daxrace=build/release/bin/daxrace
if [[ $launch_dir == "$PWD" ]]; then
  out=${out#"$PWD"/}
else
  daxrace=$PWD/$daxrace
fi

scripts/setup.sh
build_preset release daxrace || exit 2
build_preset fuzz daxrace-fuzz || exit 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

stop_at_first() {
  local status=0 crash
  local inputs=("$out/corpus")
  mkdir -p "$out/corpus"
  if [[ $use_seeds == yes ]]; then
    "$daxrace" seeds --out "$scratch/seeds" "${patch_args[@]}" || exit 2
    inputs+=("$scratch/seeds")
  else
    inputs=("$scratch/corpus")
    mkdir "$scratch/corpus"
  fi
  touch "$scratch/started"
  build/fuzz/bin/daxrace-fuzz "${fuzz_args[@]}" "${inputs[@]}" -max_total_time="$seconds" -seed="$seed" \
    -artifact_prefix="$out/" "$@" || status=$?
  # A slow-unit- file is a remark, not a finding.
  crash=$(find "$out" -maxdepth 1 -type f -newer "$scratch/started" \
    \( -name 'crash-*' -o -name 'timeout-*' -o -name 'oom-*' \) | head -n 1)
  if [[ -n $crash ]]; then
    echo "finding: $crash; to replay it: $daxrace replay $crash"
    exit 1
  fi
  ((status == 0)) && echo "no finding in ${seconds}s, seed $seed"
  exit "$status"
}

[[ $first == yes ]] && stop_at_first "$@"

# stat_of KEY: of a campaign that is there.
stat_of() {
  [[ ! -e $out/status.json ]] || sed -n "s/^ \"$1\": \"\{0,1\}\([a-z0-9 ]*\).*/\1/p" "$out/status.json"
}

arguments=(--out "$out" --jobs "$jobs" --seed "$seed" "${patch_args[@]}")
if [[ $(stat_of state) == finished ]]; then seconds=$((seconds + $(stat_of seconds))); fi
[[ $use_seeds == no ]] || arguments+=(--scenario scenarios)
if ((${#patch_args[@]} == 0)); then
  # Signatures of the regression files that are for the newest kernel; at the same places, whatever operations come there.
  for file in corpus/*.dax; do
    grep -qE '^(kernel|without|with) ' "$file" ||
      sed -n 's|^signature *||; T; p; s|^\([^/]*\)/[^/]*/[^/]*/|\1/*/*/|p' "$file"
  done >"$scratch/known"
  arguments+=(--baseline "$scratch/known")
fi
status=0
"$daxrace" fuzz --for "${seconds}s" "${arguments[@]}" || status=$?
exit "$status"
