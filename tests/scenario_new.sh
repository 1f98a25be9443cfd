#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# docs/scenarios.md, done as it says: every command in a console block prints what is shown under it (a line `...` stands
# for any number of lines), and the finished scenario of the page passes `check`. Whatever mail it is given, `scenario
# new` writes a program that runs, or says in one line why not.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir tests
cp -r "$DAXRACE_SOURCE/tests/mails" tests/
if ! command -v python3 >/dev/null; then
  echo "skipped: no python3; scripts/setup.sh installs it"
  exit 77
fi
export PATH=$DAXRACE_BIN:$PATH
commands=$(python3 "$DAXRACE_SOURCE/tests/console.py" "$DAXRACE_SOURCE/docs/scenarios.md" --dax zeros.dax) || {
  echo "$commands"
  exit 1
}
((${commands%% *} >= 7)) || { echo "only $commands in docs/scenarios.md"; exit 1; }

for mail in tests/mails/*; do
  daxrace scenario new --from "$mail" >draft.dax || { echo "$mail: no scenario"; exit 1; }
  daxrace run draft.dax --schedules 50 --no-save >out 2>&1 || (($? == 1)) || { cat out; echo "$mail: does not run"; exit 1; }
done
# A mail that is cut off anywhere is one, too.
size=$(wc -c <tests/mails/multipart.eml)
for ((at = 0; at < size; at += 97)); do
  head -c "$at" tests/mails/multipart.eml >cut.eml
  daxrace scenario new --from cut.eml >draft.dax 2>err || { cat err; echo "cut at $at"; exit 1; }
done
printf 'a\0b' >binary
status=0
daxrace scenario new --from binary 2>err || status=$?
((status == 2 && $(wc -l <err) == 1)) || { cat err; exit 1; }
# What is there is not written over.
! daxrace scenario new --from tests/mails/invented.mbox --output zeros.dax 2>err || { echo "written over"; exit 1; }
grep -q 'exists' err
echo "$commands"
