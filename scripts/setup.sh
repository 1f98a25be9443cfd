#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: scripts/setup.sh
#
# Installs what building and checking daxrace needs, on Debian 12. Says nothing and costs nothing when all is there.
# Elsewhere it only looks whether the tools exist, and lists what to install.
set -euo pipefail
source "$(dirname "$0")/lib.sh"

readonly packages=(
  clang-19 libclang-rt-19-dev llvm-19 clang-format-19 clang-tidy-19 g++-12 cmake ninja-build git
  libboost-context-dev libcli11-dev libspdlog-dev nlohmann-json3-dev relacy-dev
  libgtest-dev libgmock-dev libbenchmark-dev
  chromium fonts-dejavu-core python3 # tests/html.sh
)
readonly tools=(clang++-19 clang-format-19 g++-12 cmake ninja git)

case ${1:-} in
  -h | --help) help_of "$0"; exit 0 ;;
  '') ;;
  *) usage_error "unknown argument $1" ;;
esac

is_debian_12() {
  [[ -r /etc/os-release ]] || return 1
  (. /etc/os-release && [[ ${ID:-} == debian && ${VERSION_ID:-} == 12 ]])
}

# Stdout: the packages that are not installed.
missing_packages() {
  local installed package
  installed=" $(dpkg-query -W -f='${db:Status-Status}:${Package} ' "${packages[@]}" 2>/dev/null || true)"
  for package in "${packages[@]}"; do
    [[ $installed == *" installed:$package "* ]] || echo "$package"
  done
}

install_packages() {
  local as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "setup.sh: not root and no sudo; install as root: apt-get install $*" >&2
      return 2
    fi
    as_root=(sudo)
  fi
  echo "setup.sh: installing $*"
  "${as_root[@]}" apt-get update -q </dev/null || return 2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "$@" </dev/null || return 2
}

if is_debian_12; then
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} > 0)); then
    install_packages "${missing[@]}"
  fi
  exit 0
fi

for tool in "${tools[@]}"; do
  if ! command -v "$tool" >/dev/null; then
    echo "setup.sh: $tool is missing, and this is not Debian 12. Install what these Debian packages hold:" >&2
    printf '  %s\n' "${packages[@]}" >&2
    exit 2
  fi
done
