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
export PATH=$DAXRACE_BIN:$PATH

if grep -nE '^[A-Z]{4,}$' README.md; then
  echo "README.md: a placeholder"
  exit 1
fi
if ! command -v python3 >/dev/null; then
  echo "skipped: no python3; scripts/setup.sh installs it"
  exit 77
fi
skip=(--skip scripts/fuzz.sh)
# Instrumented that takes minutes; there tests/scenarios.sh is enough.
[[ $DAXRACE_BIN != *asan* ]] || skip+=(--skip 'daxrace check scenarios')
commands=$(python3 "$DAXRACE_SOURCE/tests/console.py" README.md "${skip[@]}") || { echo "$commands"; exit 1; }
((${commands%% *} >= 7)) || { echo "only $commands in README.md"; exit 1; }
echo "$commands"
