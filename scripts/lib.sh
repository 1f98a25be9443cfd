# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts share. Sourced, never run; leaves the caller in the top directory of the tree.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# usage_error TEXT: one line, and the exit status of wrong usage.
usage_error() {
  echo "${0##*/}: $1 (see $0 --help)" >&2
  exit 2
}

# help_of FILE: its second comment block, without the comment signs.
help_of() {
  awk 'NR > 2 && !/^#/ { exit } NR > 2 { sub(/^# ?/, ""); print }' "$1"
}

# Every file of the project: tracked, or new and not ignored.
list_files() {
  if command -v git >/dev/null && [[ -e .git ]]; then
    # A container often checks out as another user than the one who runs it.
    git -c safe.directory="$PWD" ls-files --cached --others --exclude-standard
  else
    find . \( -path ./build -o -path ./runs -o -path ./.git \) -prune -o -type f -print | sed 's|^\./||'
  fi | LC_ALL=C sort -u | while IFS= read -r file; do
    # A tracked file may have been deleted.
    if [[ -f $file ]]; then printf '%s\n' "$file"; fi
  done
}

# build_preset NAME [TARGET...]: configures only when it has to; ninja itself notices changed CMakeLists.
build_preset() {
  local preset=$1 stamp=build/$1/.configured
  shift
  if [[ ! -e $stamp || CMakePresets.json -nt $stamp ]]; then
    cmake --preset "$preset" || return
    touch "$stamp"
  fi
  cmake --build --preset "$preset" --parallel "$(nproc)" ${1:+--target "$@"}
}
