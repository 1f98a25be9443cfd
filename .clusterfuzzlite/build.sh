#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds daxrace-fuzz and daxrace-fuzz-reader for ClusterFuzzLite and OSS-Fuzz, which set $CXX, $CXXFLAGS,
# $LIB_FUZZING_ENGINE, $SANITIZER, $SRC, $OUT and $WORK and run this in the top directory of the tree. Needs a compiler,
# Boost.Context as an archive, and zip. Not by CMake: the images have one that may be too old, and there are no options.
set -eu

objects=${WORK:-$OUT/..}/daxrace-objects
mkdir -p "$OUT" "$objects"

# As in the tree's own build, only the kernel model counts for coverage, and without the tracing of comparisons, which
# costs 4 to 12 times the schedules per second and tells a mutator of programs nothing.
common="-std=gnu++20 -I. -pthread"
plain="${CXXFLAGS//-fsanitize=fuzzer-no-link/}"
model="$CXXFLAGS"
if [[ $CXXFLAGS == *-fsanitize=fuzzer-no-link* ]]; then
  model="$plain -fsanitize-coverage=inline-8bit-counters,pc-table"
fi
# Hashes overflow, and are meant to.
if [[ ${SANITIZER:-} == undefined ]]; then
  plain="$plain -fno-sanitize=unsigned-integer-overflow"
  model="$model -fno-sanitize=unsigned-integer-overflow"
fi
if [[ $(uname -m) == x86_64 ]]; then common="$common -march=x86-64-v2"; fi

# sources DIR...: neither tests nor benchmarks nor programs of their own.
sources() {
  find "$@" -name '*.cc' ! -name '*_test.cc' ! -name '*_bench.cc' ! -name '*_relacy.cc' ! -name '*_canary.cc' \
    ! -name '*_reader.cc' ! -path '*/bench/*' ! -name '*_main.cc'
}

# "FLAGS<tab>SOURCE" lines to objects.
compile() {
  local flags source
  while IFS=$'\t' read -r flags source; do
    printf '%s -c %s -o %s/%s.o\0' "$flags" "$source" "$objects" "${source//\//_}"
  done | xargs -0 -n 1 -P "$(nproc)" bash -c "$CXX $common \$0 || exit 255"
}

{
  sources core/model | sed "s|^|$model\t|"
  sources core/engine core/oracle core/scenario fuzz | sed "s|^|$plain\t|"
  echo "$plain	fuzz/text_reader.cc"
} | compile

# The image that runs it lacks Boost.
library=(-l:libboost_context.a)
mapfile -t linked < <(find "$objects" -name '*.o' ! -name 'fuzz_text_reader.cc.o')
# shellcheck disable=SC2086
$CXX $CXXFLAGS $common "${linked[@]}" $LIB_FUZZING_ENGINE "${library[@]}" -o "$OUT/daxrace-fuzz"
mapfile -t linked < <(find "$objects" -name '*.o' ! -name 'fuzz_*')
# shellcheck disable=SC2086
$CXX $CXXFLAGS $common "${linked[@]}" "$objects/fuzz_text_reader.cc.o" $LIB_FUZZING_ENGINE "${library[@]}" \
  -o "$OUT/daxrace-fuzz-reader"

# What the newest kernel is known to show: these engines stop at every finding that has no name yet.
for file in corpus/*.dax; do
  grep -qE '^(kernel|without|with) ' "$file" || sed -n 's/^signature *//p' "$file"
done | sort -u >"$OUT/daxrace-fuzz.known"

# Seeds: the scenarios, for the newest kernel and in the order in which their tasks stand. A seed that shows something at
# once would have the build refused.
seeds=$(mktemp -d)
for scenario in scenarios/*.dax; do
  sed '/^\(kernel\|without\|with\|expect\|title\|source\|question\|note\|mirrors\) /d' "$scenario" >"$seeds/${scenario##*/}"
  "$OUT/daxrace-fuzz" "$seeds/${scenario##*/}" >/dev/null 2>&1 || rm "$seeds/${scenario##*/}"
done
rm -f "$OUT"/*_seed_corpus.zip
# archive ZIP DIR: the scenarios of DIR, or what is left of them.
archive() {
  (cd "$2" && if command -v zip >/dev/null; then zip -q "$1" ./*.dax; else cmake -E tar cf "$1" --format=zip ./*.dax; fi)
}
archive "$OUT/daxrace-fuzz_seed_corpus.zip" "$seeds"
archive "$OUT/daxrace-fuzz-reader_seed_corpus.zip" scenarios
rm -rf "$seeds"

# The custom mutator uses no dictionary, the reader does, and so do engines that know no custom mutators.
{
  echo '# words of a program'
  sed -n 's/^OP(\([a-z0-9_]*\),.*/"\1 "/p' core/scenario/ops.def
  printf '"%s"\n' 'daxrace 1' setup 'task ' 'shared rw' 'private rw' 'size=1pmd' 'schedule' 'fs xfs' 'eadr on' 'ddio on'
} >"$OUT/daxrace-fuzz.dict"
cp "$OUT/daxrace-fuzz.dict" "$OUT/daxrace-fuzz-reader.dict"
for name in daxrace-fuzz daxrace-fuzz-reader; do
  printf '[libfuzzer]\nmax_len = 8192\ndict = %s.dict\ndetect_leaks = 0\n' "$name" >"$OUT/$name.options"
done
