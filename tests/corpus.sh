#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every finding in corpus/ is what it was: 1,000 replays (20 where that is slow) give the one trace hash that the file
# records. The files are the same for every build, so this also holds the builds (clang and gcc, -O0 and -O2, sanitizers)
# to one another.
set -euo pipefail
cd "$DAXRACE_SOURCE"
times=1000
[[ -z ${DAXRACE_SLOW:-} ]] || times=20
count=0
for file in corpus/*.dax; do
  "$DAXRACE_BIN/daxrace" replay --verify --times $times "$file"
  count=$((count + 1))
done
((count >= 10)) || { echo "only $count files in corpus/"; exit 1; }

# And a file whose hash is another one is not verified: the test above can fail.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
first=(corpus/*.dax)
sed 's/^hash .*/hash      0123456789abcdef/' "${first[0]}" >"$scratch/other.dax"
if "$DAXRACE_BIN/daxrace" replay --verify "$scratch/other.dax"; then
  echo "verified a wrong hash"
  exit 1
fi
