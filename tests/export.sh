#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every scenario, and a finding of each, as a C program: it compiles without a warning, and runs on the file system
# that there is, to an end that says either "not seen" or what this machine lacks. Two that are made to be wrong say
# so.
# Once: most of it is the work of C compilers.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
PATH=$DAXRACE_BIN:$PATH

command -v gcc >/dev/null || { echo "no C compiler"; exit 77; }
export flags="-std=gnu11 -Wall -Wextra -Werror -pthread"

# All scenarios, which have no schedule; of each one finding, which has.
programs=("$DAXRACE_SOURCE"/scenarios/*.dax)
last=
for finding in "$DAXRACE_SOURCE"/corpus/*.dax; do
  about=$(grep -E '^(title|question|source)' "$finding" || true)
  [[ $about == "$last" ]] || programs+=("$finding")
  last=$about
done

mkdir run
for program in "${programs[@]}"; do
  name=$(basename "$program" .dax)
  daxrace export "$program" --output "$name.c" 2>>warnings || { cat warnings; echo "$program: no export"; exit 1; }
done

# In the tree nothing is run that the rest of the machine would feel: whose caches are dropped, say.
cat >one.sh <<'END'
name=$1
if ! gcc $flags -O1 -o "$name.bin" "$name.c"; then echo "$name: does not compile"; exit 1; fi
if command -v clang-19 >/dev/null && ! clang-19 $flags -fsyntax-only "$name.c"; then
  echo "$name: does not compile with clang"
  exit 1
fi
options=(-n 2 -t 20)
grep -qE '"/proc/sys|swap_off\(' "$name.c" || options+=(-f)
grep -q "case 'o'" "$name.c" && options+=(-o "$PWD/run")
grep -q 'DIRECTORY' "$name.c" && options+=("$PWD/run")
status=0
timeout 100 "./$name.bin" "${options[@]}" >"$name.out" 2>&1 </dev/null || status=$?
if [[ $status != 0 && $status != 77 ]] || ! grep -qE '^(not seen in 2|SKIPPED)|what a power failure' "$name.out"; then
  echo "$name: exit $status"
  cat "$name.out"
  exit 1
fi
[[ $status == 77 ]] || echo "$name" >>ran
END
printf '%s\n' *.c | sed 's/\.c$//' | xargs -P "$(nproc)" -n 1 bash one.sh
# On any file system and without devices: most of them.
ran=$(wc -l <ran)
((ran >= ${#programs[@]} / 2)) || { echo "only $ran of ${#programs[@]} programs ran"; exit 1; }
left=$(find run -mindepth 1)
[[ -z $left ]] || { echo "left behind: $left"; exit 1; }

# wrong NAME SED TEXT: with that line changed, the program finds TEXT.
wrong() {
  local status=0
  sed "$2" "$1.c" >wrong.c
  ! cmp -s wrong.c "$1.c" || { echo "$1: nothing to change"; exit 1; }
  gcc $flags -Wno-error -O1 -o wrong.bin wrong.c
  ./wrong.bin -f -n 3 run >wrong.out 2>&1 || status=$?
  if ((status != 1)) || ! grep -qF -- "$3" wrong.out || ! grep -q '^SHOWN in round 1' wrong.out; then
    echo "$1 made wrong: exit $status, wanted 1 and: $3"
    cat wrong.out
    exit 1
  fi
}
finding=$(basename "$(printf '%s\n' "$DAXRACE_SOURCE"/corpus/001-fault-races-with-write-*.dax | head -1)" .dax)
[[ -e $finding.c ]]
wrong "$finding" 's/n = pwrite(fds/n = (ssize_t)length; if (0) pwrite(fds/' 'saw zeros at f page 0'
wrong "$finding" 's/end(op, touch(r->base, at, &value, 0));/end(op, SIGNALLED(SIGBUS));/' 'got SIGBUS'

# Its order is that of the schedule: the write begins during the first load, and has returned before the second.
grep -A 4 'arrive();' "$finding.c" | tr -d '\t' >order
grep -qx 'after(W_B_0);' order && grep -qx 'during(R_A_0);' order || { cat order; echo "not in order"; exit 1; }

# Without -f a file system without DAX is no place for it.
if [[ $(stat -f -c %T run) == tmpfs ]] || ! grep -qw dax /proc/mounts; then
  status=0
  "./$finding.bin" run >out || status=$?
  ((status == 77)) && grep -q 'lacks: a file system mounted with -o dax' out || { cat out; echo "exit $status"; exit 1; }
fi

# As a scenario: what was found becomes an expectation that check confirms.
daxrace export "$DAXRACE_SOURCE/corpus/$finding.dax" --format scenario --output found.dax
! grep -qE '^(found|schedule|hash)' found.dax || { cat found.dax; exit 1; }
daxrace check found.dax >out || { cat out found.dax; exit 1; }
echo "$ran of ${#programs[@]} programs ran"
