#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The HTML form of a timeline, in a browser: select, unfold, filter, keys, both themes, without scripts, no error.
# SCREENSHOTS="light dark" SCRATCH=DIR keeps pictures.
# Once: one page is like the other.
set -euo pipefail
if [[ -n ${SCRATCH:-} ]]; then
  scratch=$SCRATCH
else
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
fi
cd "$scratch"
corpus=$DAXRACE_SOURCE/corpus

# No event may escape into the markup, and nothing is loaded from anywhere.
sed 's/^title .*/title     <b onclick="x">\&amp;<\/script>/' \
  "$corpus/001-fault-races-with-write-stale-read-v4.11.dax" >finding.dax
"$DAXRACE_BIN/daxrace" timeline finding.dax --format html --odds --samples 20 -o two-tasks.html
"$DAXRACE_BIN/daxrace" timeline "$corpus/004-fork-during-dma-lost-write-a7e689dd1c06.dax" --format html \
  -o three-tasks.html
"$DAXRACE_BIN/daxrace" timeline "$corpus/003-truncate-killed-deadlock-wait-idle-uninterruptible.dax" --format html \
  -o deadlock.html
for page in two-tasks three-tasks deadlock; do
  if grep -qE '<b onclick|<link|<img|src=|@import|url\(' $page.html; then
    echo "$page.html: loads something, or lets the text of a program into its markup"
    exit 1
  fi
done
# Readable without scripts: every step is in the markup itself.
grep -q 'grab_mapping_entry' <(sed '/<script/,$d' two-tasks.html)

browser=
for name in chromium chromium-browser google-chrome; do
  browser=$(command -v "$name") && break
done
if [[ -z $browser ]] || ! command -v python3 >/dev/null; then
  echo "skipped: no chromium or no python3; scripts/setup.sh installs them"
  exit 77
fi
PYTHONDONTWRITEBYTECODE=1 timeout 300 python3 "$DAXRACE_SOURCE/tests/browser/timeline.py" "$browser" "$scratch" two-tasks.html \
  three-tasks.html deadlock.html
