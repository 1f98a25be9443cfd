#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# .clusterfuzzlite/build.sh with the environment of ClusterFuzzLite and OSS-Fuzz, for each sanitizer, and the results with
# the command lines of those engines. An AFL++ build, too, if AFL++ is installed.
#
# DAXRACE_ENGINES: which (address undefined coverage).
# Once: it builds for itself.
set -uo pipefail
cd "$DAXRACE_SOURCE"
command -v clang++-19 >/dev/null || exit 77
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
fail() {
  echo "fuzz_engines: $1"
  [[ ! -s ${2:-} ]] || tail -n 5 "$2"
  failed=1
}

# As infra/base-images/base-builder sets them; not -O1, because the compiler would take most of the time of the test.
readonly recover=bool,array-bounds,function,integer-divide-by-zero,null,object-size,return,shift,signed-integer-overflow
declare -A flags=(
  [address]='-fsanitize=address -fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link'
  [undefined]="-fsanitize=$recover,unsigned-integer-overflow,vptr -fno-sanitize-recover=$recover,vptr -fsanitize=fuzzer-no-link"
  [coverage]='-fprofile-instr-generate -fcoverage-mapping -pthread -Wl,--no-as-needed -Wl,-ldl -Wl,-lm -Wno-unused-command-line-argument'
)
compiler=clang++-19
command -v ccache >/dev/null && compiler="ccache $compiler"

# expect STATUS ARGUMENTS...: of $OUT/daxrace-fuzz
expect() {
  local wanted=$1 status=0
  shift
  "$OUT/daxrace-fuzz" "$@" >"$scratch/log" 2>&1 </dev/null || status=$?
  ((status == wanted)) || fail "$SANITIZER: daxrace-fuzz $*: exit $status, wanted $wanted" "$scratch/log"
}

for sanitizer in ${DAXRACE_ENGINES:-address undefined coverage}; do
  work=$scratch/$sanitizer
  mkdir -p "$work/out" "$work/work" "$work/corpus" "$work/merged" "$work/crashes"
  export SANITIZER=$sanitizer OUT=$work/out WORK=$work/work SRC=$PWD CC=clang-19 CXX=$compiler
  export FUZZING_ENGINE=libfuzzer ARCHITECTURE=x86_64 LIB_FUZZING_ENGINE=-fsanitize=fuzzer
  export CFLAGS="-O0 -fno-omit-frame-pointer -gline-tables-only -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION ${flags[$sanitizer]}"
  export CXXFLAGS=$CFLAGS UBSAN_OPTIONS=silence_unsigned_overflow=1 ASAN_OPTIONS=detect_leaks=0
  export LLVM_PROFILE_FILE=$work/%p.profraw
  bash .clusterfuzzlite/build.sh >"$scratch/log" 2>&1 || { fail "$sanitizer: build.sh" "$scratch/log"; continue; }
  for name in daxrace-fuzz daxrace-fuzz-reader; do
    for file in "$name" "$name.options" "$name.dict" "${name}_seed_corpus.zip"; do
      [[ -s $OUT/$file ]] || fail "$sanitizer: no $file"
    done
  done
  mkdir -p "$work/seeds"
  (cd "$work/seeds" && cmake -E tar xf "$OUT/daxrace-fuzz_seed_corpus.zip")
  (($(find "$work/seeds" -type f | wc -l) > 20)) || fail "$sanitizer: hardly any seeds"

  # What a build check does, a batch, a reproduction, a merge, and a minimisation.
  expect 0 -runs=0 "$work/seeds"
  # A batch may find something that nobody knows yet; then it says what, and where it is.
  batch=0
  "$OUT/daxrace-fuzz" -- -seed=1 -rss_limit_mb=2560 -timeout=25 -artifact_prefix="$work/crashes/" -runs=300 \
    -print_final_stats=1 -dict="$OUT/daxrace-fuzz.dict" -max_len=8192 -use_value_profile=1 "$work/corpus" \
    "$work/seeds" >"$scratch/log" 2>&1 </dev/null || batch=$?
  case $batch in
    0) ;;
    77)
      grep -q '^DEDUP_TOKEN: ' "$scratch/log" && compgen -G "$work/crashes/crash-*" >/dev/null ||
        fail "$sanitizer: a batch ended without a crash file" "$scratch/log"
      ;;
    *) fail "$sanitizer: a batch: exit $batch" "$scratch/log" ;;
  esac
  expect 0 -merge=1 -merge_control_file="$work/control" -timeout=25 -rss_limit_mb=2560 -artifact_prefix="$work/crashes/" \
    "$work/merged" "$work/seeds"
  (($(find "$work/merged" -type f | wc -l) > 5)) || fail "$sanitizer: a merge kept next to nothing"
  "$OUT/daxrace-fuzz-reader" -runs=200 -artifact_prefix="$work/crashes/" "$work/corpus" >"$scratch/log" 2>&1 ||
    fail "$sanitizer: daxrace-fuzz-reader" "$scratch/log"
  # A finding that the build does not know: the file names its kernel.
  crash=corpus/001-fault-races-with-write-stale-read-13e451fdc1af.dax
  expect 77 -runs=100 -timeout=25 -rss_limit_mb=2560 -- "$crash"
  grep -q '^DEDUP_TOKEN: stale-read/' "$scratch/log" || fail "$sanitizer: no DEDUP_TOKEN" "$scratch/log"
  if [[ $sanitizer == address ]]; then
    grep -q 'in daxrace_found_stale-read' "$scratch/log" || fail "the innermost frame does not tell the oracle" "$scratch/log"
    "$OUT/daxrace-fuzz" -minimize_crash=1 -runs=200 -exact_artifact_path="$work/smaller" "$crash" >"$scratch/log" 2>&1 </dev/null
    [[ -s $work/smaller ]] || fail "nothing smaller was written" "$scratch/log"
  fi
  rm -rf "$work/work"
done

if command -v afl-clang-fast++ >/dev/null; then
  export SANITIZER=none OUT=$scratch/afl/out WORK=$scratch/afl/work CXX=afl-clang-fast++ CXXFLAGS=-O1
  export LIB_FUZZING_ENGINE=-fsanitize=fuzzer
  mkdir -p "$OUT" "$WORK"
  if bash .clusterfuzzlite/build.sh >"$scratch/log" 2>&1; then
    mkdir "$scratch/afl/seeds"
    (cd "$scratch/afl/seeds" && cmake -E tar xf "$OUT/daxrace-fuzz_seed_corpus.zip")
    AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 timeout 60 \
      afl-fuzz -V 5 -i "$scratch/afl/seeds" -o "$scratch/afl/found" "$OUT/daxrace-fuzz" >"$scratch/log" 2>&1 ||
      fail "afl-fuzz" "$scratch/log"
  else
    fail "AFL++: build.sh" "$scratch/log"
  fi
fi
exit "$failed"
