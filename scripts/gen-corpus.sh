#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Makes the regression files of corpus/ from the scenarios: for each verdict that one expects, the first finding that
# the exhaustive search meets, with its schedule and trace hash. Reproducible: the same tree gives the same bytes.
#
#   scripts/gen-corpus.sh           write corpus/
#   scripts/gen-corpus.sh --check   exit 1 if corpus/ is not what would be written
#
# Uses build/release/bin/daxrace, or $DAXRACE_BIN/daxrace.
set -euo pipefail
cd "$(dirname "$0")/.."
daxrace=${DAXRACE_BIN:-build/release/bin}/daxrace
check=no
case ${1:-} in
  '') ;;
  --check) check=yes ;;
  *) echo "gen-corpus.sh: unknown argument '$1'; expected --check or nothing" >&2; exit 2 ;;
esac

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# make_one NAME VERDICT OPTIONS...: one finding of scenarios/NAME.dax on a kernel.
make_one() {
  local name=$1 verdict=$2 file=$1-$2 word
  shift 2
  for word in "$@"; do
    case $word in --*) ;; *) file+=-$word ;; esac
  done
  file+=.dax
  # Exit 1 is a finding. Exit 0: it is never the headline, because a graver one is always there as well.
  local status=0
  "$daxrace" explore "scenarios/$name.dax" "$@" --only "$verdict" --save "$out/$file" >/dev/null || status=$?
  case $status in
    0) ;;
    1) made=$((made + 1)) ;;
    *) echo "gen-corpus.sh: scenarios/$name.dax $*: explore ends with $status" >&2; exit 1 ;;
  esac
}

# The conditions of every expectation of a verdict, as options.
for scenario in scenarios/*.dax; do
  name=$(basename "$scenario" .dax)
  while read -r line; do
    options=()
    condition=${line#expect }
    [[ $condition == *:* ]] && condition=${condition%%:*} || condition=
    read -ra words <<<"${condition//,/ }"
    key=
    for word in "${words[@]}"; do
      case $word in
        kernel | without | with) key=--$word ;;
        *) options+=("$key" "$word") ;;
      esac
    done
    verdicts=${line##*: }
    verdicts=${verdicts#expect }
    verdicts=${verdicts%% preemptions=*}
    made=0
    for verdict in ${verdicts//,/}; do
      make_one "$name" "$verdict" "${options[@]}"
    done
    ((made > 0)) || { echo "gen-corpus.sh: scenarios/$name.dax: not found: $line" >&2; exit 1; }
  done < <(grep '^expect ' "$scenario" | grep -Ev '(^expect|:) never$')
done

if [[ $check == yes ]]; then
  if ! diff -r "$out" corpus --exclude README.md >/dev/null; then
    diff -rq "$out" corpus --exclude README.md | sed "s#$out#(generated)#" || true
    echo "corpus/ is not up to date; run scripts/gen-corpus.sh and commit the result"
    exit 1
  fi
  exit 0
fi
mkdir -p corpus
find corpus -name '*.dax' -delete
cp "$out"/*.dax corpus/
echo "wrote $(find corpus -name '*.dax' | wc -l) files to corpus/"
