#!/usr/bin/env bash
# Installs a build into a temporary prefix and builds an example against it. usage: run.sh SOURCE BUILD
set -euo pipefail
source="$1" build="$2"
cmake="$source/.venv/bin/cmake"
[ -x "$cmake" ] || cmake=cmake
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$cmake" --install "$build" --prefix "$work/prefix" >/dev/null
"$cmake" -S "$source/tests/install" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" \
  -DHONE_EXAMPLE="$source/examples/custom_reward.cpp" -DCMAKE_BUILD_TYPE=Release
"$cmake" --build "$work/build"
says="$("$work/build/outside" 2>&1 || true)"  # without arguments it explains itself and exits 1
[[ "$says" == *"usage: custom_reward"* ]] || { echo "the installed example does not run: $says"; exit 1; }
"$work/prefix/bin/hone" --version
