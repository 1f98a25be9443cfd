#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/fuzz.sh as a user runs it: on a kernel with a known bug it ends with findings and exit 1, and each command
# that it prints replays one. From nothing, with --first, libFuzzer's own crash file is replayed as it is.
# Once: it builds for itself.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$DAXRACE_SOURCE"

status=0
# The command that README.md shows.
command=$(sed -n 's/^\$ \(scripts\/fuzz.sh .*\)/\1/p' README.md)
[[ $command == *'--kernel v4.11'* ]] || { echo "README.md shows no scripts/fuzz.sh --kernel v4.11"; exit 1; }
$command --out "$scratch/all" >"$scratch/log" 2>&1 || status=$?
tail -n 5 "$scratch/log"
((status == 1)) || { echo "exit $status, wanted 1"; exit 1; }
grep -q 'distinct findings' "$scratch/log"
replayed=0
while read -r _ _ file _; do
  status=0
  build/release/bin/daxrace replay "$file" >"$scratch/replayed" || status=$?
  ((status == 1)) || { cat "$scratch/replayed"; echo "$file: exit $status, wanted 1"; exit 1; }
  replayed=$((replayed + 1))
done < <(grep -E '^ *build/release/bin/daxrace replay ' "$scratch/log" | sort -u)
((replayed >= 1)) || { echo "no command to replay"; exit 1; }

# What had come to its end goes on.
status=0
$command --out "$scratch/all" >"$scratch/log" 2>&1 || status=$?
((status == 1)) && grep -q 'going on with' "$scratch/log" || { tail "$scratch/log"; echo "exit $status, wanted 1 and more"; exit 1; }

status=0
scripts/fuzz.sh --for 60s --first --empty-corpus --kernel v4.11 --out "$scratch/first" >"$scratch/log" 2>&1 || status=$?
tail -n 2 "$scratch/log"
((status == 1)) || { echo "exit $status, wanted 1"; exit 1; }
crash=("$scratch"/first/crash-*)
status=0
build/release/bin/daxrace replay "${crash[0]}" | tail -n 1 || status=$?
((status == 1)) || { echo "the crash file shows nothing"; exit 1; }

for wrong in '--for never' '--for' '--nonsense' '--seed x' '--kernel v9.99'; do
  status=0
  # shellcheck disable=SC2086
  scripts/fuzz.sh $wrong --out "$scratch/wrong" >"$scratch/log" 2>&1 || status=$?
  ((status == 2)) || { cat "$scratch/log"; echo "fuzz.sh $wrong: exit $status, wanted 2"; exit 1; }
done
