#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: scripts/check.sh [--fix] [--tidy]
#
# What CI checks beyond the tests: format, layers, licence lines, tables, header comments, generated docs, length of
# files, paths of machines. Prints "ok NAME", or file:line and what to do, for each. What does not exist yet passes.
#
#   --fix    format the sources and write the generated docs first
#   --tidy   run clang-tidy as well, on the sources of build/release; its remarks fail nothing
# shellcheck disable=SC2317  # the checks are called by name
set -euo pipefail
source "$(dirname "$0")/lib.sh"

readonly clang_format=clang-format-19
readonly lines_max=450
# Sources of core/oracle that are no oracles, and so have no row.
readonly not_oracles='oracle|history'

fix=no
tidy=no
while (($# > 0)); do
  case $1 in
    -h | --help) help_of "$0"; exit 0 ;;
    --fix) fix=yes ;;
    --tidy) tidy=yes ;;
    *) usage_error "unknown argument $1" ;;
  esac
  shift
done

all_files=$(list_files)

# files REGEX: the files of the project whose name matches.
files() {
  grep -E "$1" <<<"$all_files" || true
}

# in_file WORD FILE: WORD stands in FILE, not as part of a longer name. Dashes and underscores are one.
in_file() {
  tr - _ <"$2" | grep -E "(^|[^A-Za-z0-9_])${1//-/_}([^A-Za-z0-9_]|$)" >/dev/null
}

check_format() {
  local sources
  mapfile -t sources < <(files '\.(cc|h)$')
  ((${#sources[@]} > 0)) || return 0
  if ! "$clang_format" --style=file --dry-run -Werror "${sources[@]}" 2>&1 |
    awk -F : '/: (error|warning):/ && !seen[$1, $2]++ { print $1 ":" $2 ": not as clang-format has it"; bad = 1 }
      END { exit bad }'; then
    echo "run scripts/check.sh --fix"
    return 1
  fi
}

# Direction: engine <- model <- oracle <- scenario <- {fuzz, replay}.
check_layers() {
  local sources
  mapfile -t sources < <(files '^(core|fuzz|replay)/.*\.(cc|h|def)$')
  ((${#sources[@]} > 0)) || return 0
  awk '
    BEGIN {
      may["engine"] = "^core/engine/"
      may["model"] = "^core/(engine|model)/"
      may["oracle"] = "^core/(engine|model|oracle)/"
      may["scenario"] = "^core/(engine|model|oracle|scenario)/"
      may["fuzz"] = "^(core/(engine|model|oracle|scenario)|fuzz)/"
      may["replay"] = "^(core/(engine|model|oracle|scenario)|replay)/"
    }
    FNR == 1 {
      layer = FILENAME; sub(/^core\//, "", layer); sub(/\/.*/, "", layer)
      beside = FILENAME ~ /_(test|bench)\.cc$|_for_test\.h$/
    }
    !(layer in may) { next }
    /LLVMFuzzer/ && layer != "fuzz" { report("only fuzz/ knows libFuzzer: move this there") }
    !/^[ \t]*#[ \t]*include[ \t]*["<]/ { next }
    { name = $0; sub(/^[^"<]*["<]/, "", name); sub(/[">].*/, "", name) }
    /include[ \t]*"/ {
      if (name == "daxrace_version.h" || name ~ may[layer]) next
      if (name ~ /^(core|fuzz|replay)\//) report(layer " may not include " name ": includes point downwards only")
      else report("write the path of " name " from the top of the tree")
      next
    }
    name ~ /^CLI\// && FILENAME !~ /^replay\/(arguments|command_man|completion|help|main|man)\.cc$/ {
      report("CLI11 takes long to compile: describe arguments through replay/arguments.h")
    }
    name ~ /^nlohmann\// && layer != "replay" { report("only replay/ writes JSON") }
    name ~ /^spdlog\// && layer != "replay" && layer != "fuzz" { report("only replay/ and fuzz/ log") }
    layer == "engine" && name ~ /[\/+]|\.hpp$/ && name !~ /^(boost|sys|sanitizer|bits|asm|linux)\// &&
      !(beside && name ~ /^(gtest|gmock|benchmark)\//) &&
      !(FILENAME == "core/engine/relacy_words.h" && name ~ /^relacy\//) {
      report("the engine includes itself, the standard library and Boost, not <" name ">")
    }
    function report(text) { print FILENAME ":" FNR ": " text; bad = 1 }
    END { exit bad }
  ' "${sources[@]}"
}

check_spdx() {
  local file bad=0
  while IFS= read -r file; do
    if ! head -n 3 "$file" | grep 'SPDX-License-Identifier: GPL-2.0-only' >/dev/null; then
      echo "$file:1: no 'SPDX-License-Identifier: GPL-2.0-only' in the first three lines"
      bad=1
    fi
  done < <(files '(\.(cc|h|def|pml|sh|awk|cmake|in|yml)|(^|/)CMakeLists\.txt|^\.ci/.*)$' | grep -Ev '^corpus/' || true)
  return "$bad"
}

# rows TABLE REGEX WHAT: every file that matches REGEX is named in TABLE, which is what registers it.
rows() {
  local table=$1 file stem bad=0
  while IFS= read -r file; do
    stem=${file##*/}
    stem=${stem%.*}
    if [[ ! -e $table ]]; then
      echo "$file:1: $table does not exist; $3"
      bad=1
    elif ! in_file "$stem" "$table" && ! in_file "${stem#strategy_}" "$table"; then
      echo "$file:1: not named in $table; $3"
      bad=1
    fi
  done < <(files "$2" | grep -Ev '_(test|bench)\.cc$' || true)
  return "$bad"
}

check_rows() {
  local bad=0
  rows core/engine/strategies.def '^core/engine/strategy_[^/]*\.cc$' "add a row for the strategy" || bad=1
  rows core/model/patches.def '^core/model/(history|mutants|proposals)/.*\.cc$' \
    "add the row of the patch, or name the file in a comment at its row" || bad=1
  # Helpers are known by name, so that a forgotten oracle cannot pass for one.
  rows core/oracle/oracles.def "$(oracle_sources)" \
    "add a row for the oracle, or name a helper in not_oracles in scripts/check.sh" || bad=1
  return "$bad"
}

# Stdout: a regular expression for the sources of oracles.
oracle_sources() {
  local names
  names=$(files '^core/oracle/[^/]*\.cc$' | grep -Ev "/($not_oracles)\.cc$" | tr '\n' '|' || true)
  echo "^(${names%|})\$"
}

check_headers() {
  local sources
  # The patch table is ours, and mirrors nothing.
  mapfile -t sources < <(files '^core/model/.*\.(cc|h)$' | grep -v '/patches\.')
  ((${#sources[@]} > 0)) || return 0
  awk -f scripts/model-headers.awk "${sources[@]}" |
    awk -F '\t' '$1 == "bad" { print $2 ":" $3 ": " $4; bad = 1 } END { exit bad }'
}

check_docs() {
  scripts/gen-docs.sh --check
}

check_length() {
  local file lines bad=0
  while IFS= read -r file; do
    lines=$(wc -l <"$file")
    if ((lines > lines_max)); then
      echo "$file:$lines: more than $lines_max lines; split it where two ideas meet"
      bad=1
    fi
  done < <(files '^(core/(engine|oracle|scenario)|fuzz|replay)/.*\.(cc|h|def)$')
  return "$bad"
}

check_paths() {
  local everything
  mapfile -t everything < <(files .)
  if grep -nIE '(^|[^A-Za-z0-9_.:/-])/(work|root|home)/' "${everything[@]}" /dev/null | cut -c 1-160; then
    echo "a path of one machine: write it relative to the tree, or take it from the environment"
    return 1
  fi
}

# What a command leaves behind where it was run is easily committed.
check_top() {
  local known='\.[^/]+|CMakeLists\.txt|CMakePresets\.json|CONTRIBUTING\.md|LICENSE|README\.md'
  if files '^[^/]+$' | grep -vxE "$known"; then
    echo "no place for a file: put it into the folder that it belongs to"
    return 1
  fi
}

run_fix() {
  local sources
  mapfile -t sources < <(files '\.(cc|h)$')
  ((${#sources[@]} == 0)) || "$clang_format" --style=file -i "${sources[@]}"
  scripts/gen-docs.sh
  all_files=$(list_files)
}

run_tidy() {
  local sources
  build_preset release
  mapfile -t sources < <(files '^(core|fuzz|replay)/.*\.cc$')
  printf '%s\0' "${sources[@]}" | xargs -0 -r -n 4 -P "$(nproc)" clang-tidy-19 -p build/release --quiet || true
}

failed=0
scripts/setup.sh
if [[ $fix == yes ]]; then run_fix; fi
for name in format layers spdx rows headers docs length paths top; do
  if output=$("check_$name"); then
    echo "ok $name${output:+ ($output)}"
  else
    printf '%s\nnot ok %s\n' "$output" "$name"
    failed=1
  fi
done
if [[ $tidy == yes ]]; then run_tidy; fi
exit "$failed"
