#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: scripts/test.sh [--preset NAME | --quick]
#
# Installs what is missing, runs scripts/check.sh, then builds and tests the presets release, gcc, asan and fuzz.
# The last line is "N passed, M failed"; what does not build, or fails a check, counts as one failed.
#
#   --preset NAME   that preset only (debug too)
#   --quick         release only
set -euo pipefail
source "$(dirname "$0")/lib.sh"

presets=(release gcc asan fuzz)
passed=0
failed=0

while (($# > 0)); do
  case $1 in
    -h | --help) help_of "$0"; exit 0 ;;
    --quick) presets=(release) ;;
    --preset)
      [[ ${2:-} =~ ^(release|debug|asan|fuzz|gcc)$ ]] ||
        usage_error "--preset takes release, debug, asan, fuzz or gcc, not '${2:-}'"
      presets=("$2")
      shift
      ;;
    *) usage_error "unknown argument $1" ;;
  esac
  shift
done

# attempt WHAT COMMAND...: a command that counts only when it fails.
attempt() {
  local what=$1
  shift
  echo "== $what"
  if ! "$@"; then
    echo "FAILED: $what"
    failed=$((failed + 1))
    return 1
  fi
}

# junit_count FILE ATTRIBUTE: of the first element, <testsuite>.
junit_count() {
  awk -v name="$2" 'match($0, "[ \t]" name "=\"[0-9]+\"") {
    text = substr($0, RSTART, RLENGTH); gsub(/[^0-9]/, "", text); print text; found = 1; exit }
    END { if (!found) print 0 }' "$1"
}

# A test that was skipped is neither passed nor failed.
run_tests() {
  local preset=$1 report=build/$1/ctest.xml status=0 all bad idle
  echo "== test $preset"
  rm -f "$report"
  ctest --preset "$preset" --parallel "$(nproc)" --output-junit "$PWD/$report" || status=$?
  if [[ -s $report ]]; then
    all=$(junit_count "$report" tests)
    bad=$(junit_count "$report" failures)
    idle=$(($(junit_count "$report" skipped) + $(junit_count "$report" disabled)))
    passed=$((passed + all - bad - idle))
    failed=$((failed + bad))
  fi
  if ((status != 0 && ${bad:-0} == 0)); then
    echo "FAILED: ctest in preset $preset (status $status)"
    failed=$((failed + 1))
  fi
}

scripts/setup.sh
checked=yes
attempt "check" scripts/check.sh || checked=no
for preset in "${presets[@]}"; do
  if attempt "build $preset" build_preset "$preset"; then
    run_tests "$preset"
    if [[ $preset == release && $checked == yes ]]; then
      # Only now is there surely a binary of this tree to compare the tables with.
      attempt "generated docs" scripts/gen-docs.sh --check || true
    fi
  fi
done

echo "$passed passed, $failed failed"
((failed == 0))
