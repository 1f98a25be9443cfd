#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `daxrace replay --step`, driven through a pipe as somebody at a terminal drives it.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
finding=$DAXRACE_SOURCE/corpus/001-fault-races-with-write-stale-read-v4.11.dax

# session FILE COMMANDS: what is printed. One command in each word of COMMANDS.
session() {
  local file=$1 status=0
  shift
  printf '%s\n' "$@" | "$DAXRACE_BIN/daxrace" replay "$file" --step >out 2>&1 || status=$?
  if ((status != 1)); then
    echo "--step, $*: exit $status"
    cat out
    exit 1
  fi
}

# has PART: of the last session.
has() {
  if ! grep -qF -- "$1" out; then
    echo "--step: this is not said: $1"
    cat out
    exit 1
  fi
}

hasnt() {
  if grep -qF -- "$1" out; then
    echo "--step: this is said: $1"
    cat out
    exit 1
  fi
}

# at PART: where the last session ended up.
at() {
  if ! grep -- '^->' out | tail -1 | grep -qF -- "$1"; then
    echo "--step: it is not at: $1"
    cat out
    exit 1
  fi
}

# Forward, back to where it was, and the same state there as before.
session "$finding" 'to 60' file entry tables lines locks
cp out there
session "$finding" 'to 61' back file entry tables lines locks
diff <(sed -n '/^  file/,$p' there) <(sed -n '/^  file/,$p' out)

# The state changes where the timeline says that it does: the zero page is mapped in step 115.
step=$("$DAXRACE_BIN/daxrace" timeline "$finding" | awk '/PTE m\+0 = zero page ro/ { print $1 }')
session "$finding" "to $step" tables
hasnt '  PTE m+0'
session "$finding" "to $((step + 1))" tables
has '  PTE m+0 = zero page ro'

# A file that open(2) makes has a name, too.
cat >new.dax <<'END'
daxrace 1
setup
  creat f size=1pg
task P.A
  close f
  unlink f
  opencreat f
  write f 0 1pg
  mmap m f 0 1pg shared rw
  store m
END
printf '%s\n' end file 'entry new-f' 'file new' | "$DAXRACE_BIN/daxrace" replay new.dax --step >out
has 'file new-f: 1 page, durable 0'
has 'entry new-f:0 = pfn'
has 'no file is called `new`; did you mean `new-f`?'

# To a lock, a switch, an operation, the guilty step, the end, and round again.
session "$finding" 'lock invalidate_lock'
at 'takes invalidate_lock(f) shared'
session "$finding" switch
has 'W.B runs; R.A holds mmap_lock(R) (shared), invalidate_lock(f) (shared)'
session "$finding" switch locks entry
has 'R.A holds invalidate_lock(f) (shared) since step'
has 'entry f:0 = empty LOCKED, clean'
session "$finding" guilty
at 'block 31.0 = W.B op 0'
session "$finding" guilty lines
has 'every cache line is zeros'
# What a step leads to without another step, like the flush of a copy that goes past the cache, comes with the next one.
session "$finding" guilty 'forward 2' lines
has 'block 31.0 = W.B op 0; a power failure would leave zeros; dirtied by'
has 'flushed by W.B, not fenced'
session "$finding" operation operation tasks
at 'begins op'
session "$finding" end
has 'stale-read: R.A op 1 read zeros from page 0 of f'
session "$finding" end start where back
has 'this is where the set-up ends'
session "$finding" next '' '' 'back 3' where
session "$finding" end forward
has 'this is the end'

# Blocks and references.
session "$DAXRACE_SOURCE/corpus/002-truncate-pinned-dma-after-free-v4.17.dax" end page 'file f'
has 'has been freed'
has 'file f: 0 pages'
session "$DAXRACE_SOURCE/corpus/004-fork-during-dma-lost-write-a7e689dd1c06.dax" end page 'tables Q'
has 'anon 0: refcount'
has 'PTE Q.m+0'

# What is not a command is said, and the session goes on.
session "$finding" forwrad 'file g' 'to x' to 'lock nothing' 'back 1 2' help 'file f'
has 'no command is called `forwrad`; did you mean `forward`?'
has 'no file is called `g`'
has '`x` is not a number of steps'
has '`to` takes the number of a step'
has 'no lock `nothing` comes after this'
has '`back` takes [N], not `1 2`'
has 'to the next switch to another task'
has 'file f: 1 page,'
session "$finding" quit 'file f'
hasnt 'file f:'

# A deadlock and a crash end where they end.
session "$DAXRACE_SOURCE/corpus/002-truncate-own-pin-deadlock.dax" end
has 'deadlock: no task can go on'
session "$DAXRACE_SOURCE/corpus/000-missing-writeprotect-lost-after-sync-v5.18.dax" end back
at 'power failure'

if "$DAXRACE_BIN/daxrace" replay "$finding" --step --json </dev/null >out 2>&1; then
  echo "--step --json is accepted"
  exit 1
fi
has '--step is for people'
