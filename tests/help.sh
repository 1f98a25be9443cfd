#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What daxrace says of itself: every example that a --help shows works; manual pages have nothing that troff complains
# of, and say what --help says; shells complete commands, options, names and files; who mistypes is told what was
# probably meant; and an abbreviated commit is the commit.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir tests
for part in scenarios corpus; do cp -r "$DAXRACE_SOURCE/$part" .; done
cp -r "$DAXRACE_SOURCE/tests/mails" tests/
PATH=$DAXRACE_BIN:$PATH

fail() {
  echo "$*"
  exit 1
}

# --- commands, and their examples
mapfile -t commands < <(sed -n 's/^COMMAND(\([a-z]*\),.*/\1/p' "$DAXRACE_SOURCE/replay/commands.def")
((${#commands[@]} >= 15)) || fail "only ${#commands[@]} commands"
daxrace --help >top
# finding.dax, which the others read, comes from explore.
for command in explore "${commands[@]}"; do
  grep -qE "^  $command[ ,]" top || fail "--help does not name $command"
  daxrace "$command" --help >page || fail "$command --help: exit $?"
  daxrace help "$command" | cmp -s - page || fail "daxrace help $command is something else"
  grep -q '^Exit status' page || fail "$command --help says no exit status"
  mapfile -t lines < <(sed -n 's/^  \$ //p' page)
  ((${#lines[@]} > 0)) || fail "$command --help has no example"
  for line in "${lines[@]}"; do
    [[ $line == "daxrace $command"* ]] || fail "$command --help: not an example of it: $line"
    case $line in
      *' fuzz '* | *'corpus prune'*)
        command -v daxrace-fuzz >/dev/null || continue
        line=$(sed -E 's/--for [0-9a-z]+/--for 2s/' <<<"$line")
        ;;
      'daxrace weak '*)
        # Not with a sanitizer.
        command -v daxrace-weak >/dev/null || continue
        ;;
    esac
    status=0
    timeout 300 bash -c "$line" >out 2>err </dev/null || status=$?
    ((status <= 1)) || { cat err; fail "$line: exit $status"; }
    ! grep -qE 'error|harness' err || { cat err; fail "$line: complains"; }
    [[ $command == explore ]] || [[ -e finding.dax ]] || fail "no finding.dax"
  done
done
for file in finding.dax finding.html small.dax race.c new.dax begun.dax run.dax; do
  [[ -s $file ]] || fail "the examples did not write $file"
done
[[ $(daxrace --version) =~ ^daxrace\ [0-9]+\.[0-9]+ ]] || fail "--version: $(daxrace --version)"

# --- manual pages
((  $(find man1 -name '*.1' | wc -l) == ${#commands[@]} + 1 )) || fail "not a page for every command"
for page in man1/*.1; do
  name=${page##*/}
  if command -v groff >/dev/null; then
    groff -man -ww -z "$page" 2>complaints || true
    [[ ! -s complaints ]] || { head complaints; fail "$page: groff complains"; }
  fi
  if command -v mandoc >/dev/null; then
    mandoc -Tlint -W warning "$page" >complaints 2>&1 || true
    [[ ! -s complaints ]] || { head complaints; fail "$page: mandoc complains"; }
  fi
  for section in NAME SYNOPSIS OPTIONS 'EXIT STATUS'; do
    grep -q "^\.SH $section" "$page" || fail "$page has no section $section"
  done
  [[ $name == daxrace.1 ]] || grep -q '^\.SH EXAMPLES' "$page" || fail "$page has no examples"
done
daxrace man explore | cmp - man1/daxrace-explore.1
grep -q 'bound of dfs' man1/daxrace-explore.1 || fail 'daxrace-explore.1 does not describe --preemptions'
if command -v groff >/dev/null; then
  groff -man -Tascii man1/daxrace-run.1 | sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' >shown
  grep -q -- '--kernel' shown || fail 'daxrace-run(1) does not show --kernel'
fi

# --- completion, in bash itself: complete LINE WANTED...; the cursor is behind the line
daxrace completion bash >bash_completion
daxrace completion zsh >_daxrace
if command -v zsh >/dev/null; then zsh -n _daxrace || fail 'zsh does not take it'; fi
touch file-1.dax
complete_line() {
  bash --norc -c '
    source ./bash_completion
    line=$1
    read -ra COMP_WORDS <<<"${line//=/ = }"
    [[ $line == *" " || $line == *= ]] && COMP_WORDS+=("")
    COMP_LINE=$line COMP_POINT=${#line} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _daxrace
    printf "%s\n" "${COMPREPLY[@]}"' - "$1"
}
completes() {
  local line=$1 want
  shift
  complete_line "$line" >offered
  for want; do
    grep -qxF -- "$want" offered || { cat offered; fail "completion of \`$line\` does not offer $want"; }
  done
}
never_completes() {
  complete_line "$1" >offered
  ! grep -qF -- "$2" offered || { cat offered; fail "completion of \`$1\` offers $2"; }
}
completes 'daxrace ' explore scenario minimise
completes 'daxrace ex' explore export
never_completes 'daxrace ex' run
completes 'daxrace run --st' --strategy
completes 'daxrace run --strategy p' pct portfolio
never_completes 'daxrace explore --strategy ' pct
completes 'daxrace explore --strategy ' dfs dpor stateful
completes 'daxrace run x.dax --kernel v5.1' v5.18
completes 'daxrace run x.dax --kernel=v5.1' v5.18
completes 'daxrace run --without 13e' 13e451fdc1af
never_completes 'daxrace run --without ' fault-unlocks-early
completes 'daxrace run --with fault-un' fault-unlocks-early
completes 'daxrace run file-' file-1.dax
completes 'daxrace timeline --format ' mail html perfetto
completes 'daxrace scenario ' new
completes 'daxrace scenario new --from file' file-1.dax
completes 'daxrace list ' patches ops
completes 'daxrace completion z' zsh
completes 'daxrace explore --only st' stale-read

# --- mistyped: one line, exit 2
refuse() {
  local part=$1 status=0
  shift
  daxrace "$@" >out 2>err </dev/null || status=$?
  if ((status != 2)) || (($(wc -l <err) != 1)) || [[ -s out ]] || ! grep -qF -- "$part" err; then
    cat err
    fail "daxrace $*: exit $status; wanted one line with: $part"
  fi
}
scenario=scenarios/001-fault-races-with-write.dax
refuse 'no command is called `exprot`; did you mean `export`?' exprot
refuse 'no option is called `--wihtout`; did you mean `--without`?' run $scenario --wihtout 13e451fdc1af
refuse 'no option is called `--sede`; did you mean `--seed`?' run $scenario --sede=1
refuse 'no option is called `--nonsense`; see `daxrace run --help`' run $scenario --nonsense
refuse 'did you mean `new`?' scenario nwe
refuse 'did you mean `html`?' timeline $scenario --format htlm
refuse 'did you mean `patches`?' list patchs
refuse 'did you mean `13e451fdc1af`?' run $scenario --without 13e451fdc1ae
refuse 'no command is called `nonsense`' man nonsense
refuse 'one argument too many' replay $scenario $scenario

# --- abbreviated commits
daxrace explore $scenario --without 13e451 --preemptions 1 --no-save >short || true
grep -q 'kernel v6.15 without 13e451fdc1af' short || { cat short; fail 'a short id is not the commit'; }
long=13e451fdc1af$(printf '0%.0s' {1..28})
daxrace explore $scenario --without "$long" --preemptions 1 --no-save >short || true
grep -q 'kernel v6.15 without 13e451fdc1af' short || { cat short; fail 'a whole id is not the commit'; }
refuse "no patch is called '13e'" run $scenario --without 13e
prefix=$(daxrace list patches | awk '{ print substr($1, 1, 4) }' | sort | uniq -d | head -1)
[[ -z $prefix ]] || refuse 'is the beginning of more than one' run $scenario --with "$prefix"
echo "${#commands[@]} commands"
