#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every command that README.md shows in a console block, run in a copy of the tree, prints what is shown under it. A
# line `...` stands for any number of lines. Its scripts/fuzz.sh is run by tests/fuzz_script.sh, in the build that has
# it, its `daxrace check` by tests/scenarios.sh; scripts/test.sh is what runs this.
# Once: each of these commands has tests of its own.
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
commands=$(python3 "$DAXRACE_SOURCE/tests/console.py" README.md --skip scripts/fuzz.sh --skip 'daxrace check scenarios') || { echo "$commands"; exit 1; }
((${commands%% *} >= 7)) || { echo "only $commands in README.md"; exit 1; }
echo "$commands"
