#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Every file, flag and value that a person can get wrong gives one clear line on stderr, nothing on stdout, exit 2,
# and leaves nothing behind.
set -uo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
daxrace=$DAXRACE_BIN/daxrace
good=$DAXRACE_SOURCE/scenarios/001-fault-races-with-write.dax
failed=0

# refuse PART ARGUMENTS...: the one line must contain PART.
refuse() {
  local part=$1 status lines
  shift
  "$daxrace" "$@" >out 2>err </dev/null
  status=$?
  lines=$(wc -l <err)
  if ((status != 2)) || ((lines != 1)) || [[ -s out ]] || ! grep -qF -- "$part" err; then
    echo "daxrace $*: exit $status, $lines lines; wanted one with: $part"
    head -c 600 err
    failed=1
  fi
}

: >empty.dax
printf 'daxrace 1\ntask P.A\n  load' >truncated.dax
printf '\x00\x01\xff\xfe\x00daxrace' >binary.dax
printf 'daxrace 1\nsetup\n  creat f size=1pmd\ntask P.A\n  lod f\n' >unknown.dax
printf 'daxrace 1\nsetup\n  creat f size=99pmd\n' >range.dax
printf 'daxrace 1\ntask P.A\n  crash\n@@@@\n' >words.dax
printf 'daxrace 2\ntask P.A\n  crash\n' >newer.dax
printf 'daxrace 1\ntask P.A\n  crash\nexpect kernel v4.11: stale-raed\n' >verdict.dax
printf 'daxrace 1\ntask P.A\n  crash\nexpect without 13e451fdc1ae: stale-read\n' >patch.dax
printf 'daxrace 1\nkernel v9.99\ntask P.A\n  crash\n' >kernel.dax
head -c 10000000 /dev/zero | tr '\0' 'x' >large.dax
mkdir directory
ln -s loop.dax loop.dax

for command in check run explore timeline replay; do
  refuse 'empty.dax:1:1: empty file; expected `daxrace 1`' $command empty.dax
  refuse 'binary.dax:1:1: byte 0x00: not text' $command binary.dax
  refuse 'newer.dax:1:9: this file is version 2; this daxrace reads up to 1' $command newer.dax
  refuse 'verdict.dax:4:22: no oracle has the verdict `stale-raed`; did you mean `stale-read`?' $command verdict.dax
  refuse 'patch.dax:4:16: no patch is called `13e451fdc1ae`; did you mean `13e451fdc1af`?' $command patch.dax
  refuse 'kernel.dax:2:8: kernel v9.99 is not modelled; expected v4.10 to v6.15' $command kernel.dax
  refuse 'large.dax: file is 10000000 bytes' $command large.dax
  refuse 'missing.dax: No such file' $command missing.dax
  refuse 'loop.dax: ' $command loop.dax
done
for command in check run explore; do
  refuse 'truncated.dax:3:' $command truncated.dax
  refuse 'unknown.dax:5:3: unknown operation `lod`' $command unknown.dax
  refuse 'did you mean `load`?' $command unknown.dax
  refuse 'range.dax:3:' $command range.dax
  refuse 'words.dax:4:1: `@@@@` outside of `schedule`' $command words.dax
done
for command in run explore replay timeline; do
  refuse 'directory: is a directory' $command directory
  refuse 'v4.9 is not modelled; expected v4.10 to v6.15' $command "$good" --kernel v4.9
  refuse "'4.11' is not a kernel version; expected one like v5.18" $command "$good" --kernel 4.11
  refuse "no patch is called 'nonsense'" $command "$good" --without nonsense
  refuse "only a commit can be taken out" $command "$good" --without fault-unlocks-early
  refuse "both change dax_iomap_pte_fault()" $command "$good" --kernel v4.11 --with fault-unlocks-early
done
refuse 'directory: holds no file *.dax' check directory
refuse '--strategy: no strategy is called `rando`' run "$good" --strategy rando
refuse '--schedules' run "$good" --schedules 0
refuse '--schedules' run "$good" --schedules many
refuse '--preemptions' explore "$good" --preemptions -1
refuse 'no/such/directory' run "$good" --kernel v4.11 --save no/such/directory/x.dax
refuse 'WHAT' list nonsense
refuse 'FILE is required' run
refuse 'subcommand is required'
refuse 'no command is called `nonsense`' nonsense
refuse 'did you mean `explore`?' explor
refuse 'records no finding to verify' replay "$good" --verify

ls -A >left
printf '%s\n' binary.dax directory empty.dax err kernel.dax large.dax left loop.dax missing.dax newer.dax out patch.dax \
  range.dax truncated.dax unknown.dax verdict.dax words.dax | grep -v missing | diff - left || failed=1
exit $failed
