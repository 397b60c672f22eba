#!/usr/bin/env bash
# Format, include layers, clang-tidy; fails on the first kind of finding, after all findings of that kind are shown.
#
# Usage: deploy/lint.sh BUILD [--all | --since BASE]
#   BUILD         a configured and built tree: clang-tidy reads its compile_commands.json and its generated headers
#   --all         clang-tidy over every C++ source that BUILD compiles (minutes)
#   --since BASE  over those that differ from BASE, in commits or not yet committed (default: main)
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  sed -n '4,7s/^# \?//p' "$0" >&2
  exit 2
}

[ $# -ge 1 ] || usage
build=$1
shift
base=main
while [ $# -gt 0 ]; do
  case $1 in
    --all) base= && shift ;;
    --since) [ $# -ge 2 ] && base=$2 && shift 2 || usage ;;
    *) usage ;;
  esac
done
[ -f "$build/compile_commands.json" ] || { echo "lint: $build/compile_commands.json is missing; configure $build first" >&2; exit 2; }

say() { printf 'lint: %s\n' "$*"; }

if [ -n "$base" ] && ! git rev-parse --quiet --verify "$base^{commit}" >/dev/null; then
  say "there is no commit '$base' to compare with: all sources"
  base=
fi

check_format() {
  git ls-files -z '*.h' '*.cpp' '*.cu' '*.cuh' | xargs -0 clang-format-14 --dry-run -Werror
}

# The sources to tidy, one a line: those that BUILD compiles, less those that are as in the base. A changed header brings its .cpp twin.
sources() {
  {
    if [ -z "$base" ]; then
      git ls-files '*.cpp'
    else
      git diff --name-only --diff-filter=d "$(git merge-base "$base" HEAD)" -- '*.h' '*.cpp'
      git ls-files --others --exclude-standard -- '*.h' '*.cpp'
    fi
  } | sed 's/\.h$/.cpp/' | sort -u | while read -r file; do
    grep -qF "\"file\": \"$PWD/$file\"" "$build/compile_commands.json" && echo "$file"
  done
  return 0
}

# clang reads neither g++'s precompiled headers nor a few of its flags.
clang_database() {
  sed -E 's/-Winvalid-pch|-include [^ ]*cmake_pch\.hxx|-fpch-preprocess//g' "$build/compile_commands.json" >"$1/compile_commands.json"
}

check_tidy() {
  local database
  database=$(mktemp -d)
  trap 'rm -rf "$database"' RETURN
  clang_database "$database"
  sources | xargs -r -P "$(nproc)" -n 1 clang-tidy-14 --quiet -p "$database"
}

say "clang-format"
check_format
say "include layers"
python3 tests/check_includes.py
say "clang-tidy, $(sources | wc -l) files"
check_tidy
say "clean"
