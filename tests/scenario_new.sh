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
PATH=$DAXRACE_BIN:$PATH
page=$DAXRACE_SOURCE/docs/scenarios.md

compare() {
  awk '
    NR == FNR { want[++n] = $0; next }
    { have[++m] = $0 }
    END {
      j = 1
      for (i = 1; i <= n; i++) {
        if (want[i] == "...") {
          if (i == n) exit 0
          while (j <= m && have[j] != want[i + 1]) j++
          continue
        }
        if (have[j] != want[i]) { print "  shown:   " want[i]; print "  printed: " have[j]; exit 1 }
        j++
      }
      if (j <= m) { print "  printed and not shown: " have[j]; exit 1 }
    }' shown printed
}

commands=0
run() {
  [[ -n $command ]] || return 0
  commands=$((commands + 1))
  eval "$command" >printed 2>&1 || true
  compare || { echo "$command: the page shows something else"; exit 1; }
  command=
}

inside=no
command=
while IFS= read -r line; do
  case $inside:$line in
    no:'```console') inside=console ;;
    no:'```dax') # the file as it is in the end
      inside=dax
      : >zeros.dax
      ;;
    dax:'```') inside=no ;;
    dax:*) printf '%s\n' "$line" >>zeros.dax ;;
    console:'```')
      run
      inside=no
      ;;
    console:'$ '*)
      run
      command=${line#'$ '}
      : >shown
      ;;
    console:*) printf '%s\n' "$line" >>shown ;;
  esac
done <"$page"
((commands >= 7)) || { echo "only $commands commands in docs/scenarios.md"; exit 1; }

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
echo "$commands commands"
