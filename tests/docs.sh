#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every command that docs/replay.md shows, run in a copy of the tree, prints what is shown under it. UPDATE=1 writes the
# page anew; what has changed in it is to be read.
# Once: each of these commands has tests of its own.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
for part in scenarios corpus docs; do cp -r "$DAXRACE_SOURCE/$part" .; done
export PATH=$DAXRACE_BIN:$PATH
if ! command -v python3 >/dev/null; then
  echo "skipped: no python3; scripts/setup.sh installs it"
  exit 77
fi
python3 "$DAXRACE_SOURCE/tests/console.py" "$DAXRACE_SOURCE/docs/replay.md" ${UPDATE:+--update}
