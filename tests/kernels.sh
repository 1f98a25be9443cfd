#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `daxrace bisect` and `daxrace matrix` from the command line: which releases, which patches, alone and together, in
# every form; and all scenarios in one table.
# Once: kernel_trials_test runs the same code.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
daxrace=$DAXRACE_BIN/daxrace
corpus=$DAXRACE_SOURCE/corpus
scenarios=$DAXRACE_SOURCE/scenarios

# Enough for what is asked here.
executions=2000
[[ -z ${DAXRACE_SLOW:-} ]] || executions=200

# expect STATUS COMMAND...: the output is in `out`.
expect() {
  local want=$1 status=0
  shift
  "$daxrace" "$@" >out 2>err || status=$?
  if ((status != want)); then
    echo "daxrace $*: exit $status, wanted $want"
    cat out err
    exit 1
  fi
}
has() {
  if ! grep -qE -- "$1" out; then
    echo "this is not said: $1"
    cat out
    exit 1
  fi
}
# json EXPRESSION: what Python makes of it, with the output as `j`.
json() {
  python3 -c 'import json, sys; j = json.load(open("out")); sys.exit(not eval(sys.argv[1]))' "$1" || {
    echo "not so: $1"
    head -c 2000 out
    exit 1
  }
}

# One patch is enough.
expect 1 bisect "$corpus/000-missing-writeprotect-lost-after-sync-v5.18.dax"
has '^  v[0-9.]+ \.\. v5\.18 +found with 0 preemptions'
has '^  v5\.19 \.\. v6\.[0-9]+ +never'
has '^CLOSED by 06083a0921fd: dax: fix missing writeprotect'
expect 1 bisect "$corpus/000-missing-writeprotect-lost-after-sync-v5.18.dax" --json
json '["06083a0921fd"] in j["closed_by"] and j["verdict"] == "lost-after-sync"'
json 'all(p["id"] != "06083a0921fd" or (p["verdicts"] == {} or "lost-after-sync" not in p["verdicts"]) for p in j["patches"])'
json 'all(r["complete"] for r in j["releases"])'

# In a hurry the same are named, and nothing is said of releases.
expect 1 bisect --quick "$corpus/000-missing-writeprotect-lost-after-sync-v5.18.dax"
has '^CLOSED by 06083a0921fd: dax: fix missing writeprotect'
! grep -q '^Releases' out || { echo "releases, in a hurry"; exit 1; }
expect 1 bisect --quick --json "$corpus/001-fault-races-with-write-stale-read-v4.11.dax"
json 'j["closed_by"][0] == ["13e451fdc1af", "cd656375f940"] and j["releases"] == []'

# Two together, and neither alone.
expect 1 bisect "$corpus/001-fault-races-with-write-stale-read-v4.11.dax" --json
json '["13e451fdc1af", "cd656375f940"] in j["closed_by"]'
json '["13e451fdc1af"] not in j["closed_by"] and ["cd656375f940"] not in j["closed_by"]'
expect 1 bisect "$corpus/001-fault-races-with-write-stale-read-v4.11.dax"
has 'CLOSED by 13e451fdc1af'
has '^ *and by cd656375f940'

# A mutant has no release, and the newest kernel lacks only proposals.
expect 1 bisect "$corpus/002-gup-fast-dma-after-free-gup-fast-no-recheck.dax" --preemptions 1
has '^  v4\.10 \.\. v6\.[0-9]+ +never|^  v[0-9.]+ '
expect 2 bisect "$scenarios/001-fault-races-with-write.dax"
grep -q 'nothing to bisect; `daxrace matrix`' err

# The same in three forms: every scenario has a row, and a row for each range of releases.
expect 0 matrix "$scenarios" --preemptions 1 --executions $executions
number=$(find "$scenarios" -name '*.dax' | wc -l)
(($(grep -c '^[0-9a-z]' out) == number))
has '^000-missing-writeprotect$'
sed -n '/^000-missing-writeprotect$/,/^[0-9a-z]/p' out >one
grep -qE '^  v[0-9.]+ \.\. v5\.18 +lost-after-sync \(0\)' one
grep -qE '^  v5\.19 \.\. v6\.[0-9]+ +never' one
cp out text
expect 0 matrix "$scenarios" --preemptions 1 --executions $executions --format json
json "len(j['scenarios']) == $number and j['preemptions'] == 1"
json 'all(len(s["releases"]) == len(j["scenarios"][0]["releases"]) for s in j["scenarios"])'
json '[r["verdicts"] for s in j["scenarios"] if s["name"] == "000-missing-writeprotect" for r in s["releases"] if r["last"] == "v5.18"][0]["lost-after-sync"] == 0'
# What a row says, the text says.
python3 - <<'EOF'
import json
text = open("text").read()
for scenario in json.load(open("out"))["scenarios"]:
    part = text.split("\n" + scenario["name"] + "\n" if not text.startswith(scenario["name"] + "\n")
                      else scenario["name"] + "\n", 1)[1]
    rows = []
    for line in part.split("\n"):
        if not line.startswith("  "):
            break
        rows.append(line)
    verdicts = {v for r in scenario["releases"] for v in r["verdicts"]}
    assert all(any(v in row for row in rows) for v in verdicts), scenario["name"]
    never = any(not r["verdicts"] for r in scenario["releases"])
    assert never == any("never" in row for row in rows), scenario["name"]
EOF
expect 0 matrix "$scenarios" --preemptions 1 --executions $executions --format html
cp out matrix.html
python3 - "$number" <<'EOF'
import sys
from html.parser import HTMLParser

class Table(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.rows, self.cells, self.kinds = [], 0, [], set()
    def handle_starttag(self, tag, attributes):
        if tag not in ("meta",):
            self.open.append(tag)
        assert tag not in ("link", "script", "img"), tag
        if tag == "tr":
            self.rows += 1
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1
        if tag == "td":
            self.kinds.add(dict(attributes)["class"])
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

table = Table()
table.feed(open("matrix.html").read())
assert table.open == [], table.open
assert table.rows == int(sys.argv[1]) + 1, table.rows
assert len(set(table.cells)) == 1, set(table.cells)
assert {"never", "found"} <= table.kinds, table.kinds
EOF
expect 2 matrix "$scratch"
expect 2 matrix "$scenarios" --format xml
