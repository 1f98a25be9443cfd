#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every command that README.md shows in a console block, run in a copy of the tree, prints what is shown under it. A
# line `...` stands for any number of lines. Its scripts/fuzz.sh is run by tests/fuzz_script.sh, in the build that has
# it; scripts/test.sh is what runs this.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
for part in scenarios corpus docs README.md; do cp -r "$DAXRACE_SOURCE/$part" .; done
PATH=$DAXRACE_BIN:$PATH

commands=0
failed=0
if grep -nE '^[A-Z]{4,}$' README.md; then
  echo "README.md: a placeholder"
  failed=1
fi
compare() {
  # Turns what is shown into a pattern, line by line.
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

run() {
  [[ -n $command ]] || return 0
  commands=$((commands + 1))
  [[ $command == scripts/fuzz.sh* ]] && return 0
  # Instrumented that takes minutes; there tests/scenarios.sh is enough.
  [[ $DAXRACE_BIN == *asan* && $command == 'daxrace check scenarios' ]] && return 0
  eval "$command" >printed 2>&1 || true
  if ! compare; then
    echo "$command: README.md shows something else"
    failed=1
  fi
}

inside=no
command=
: >shown
while IFS= read -r line; do
  case $inside:$line in
    no:'```console') inside=yes ;;
    yes:'```')
      run
      inside=no
      command=
      ;;
    yes:'$ '*)
      run
      command=${line#'$ '}
      : >shown
      ;;
    yes:*) printf '%s\n' "$line" >>shown ;;
  esac
done <README.md
((commands >= 7)) || { echo "only $commands commands in README.md"; exit 1; }
echo "$commands commands"
exit $failed
