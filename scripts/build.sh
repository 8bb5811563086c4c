#!/usr/bin/env bash
# Configures and builds a preset (cpu by default) with the tools of .venv. Further arguments are targets.
set -euo pipefail
cd "$(dirname "$0")/.."
preset="${1:-cpu}"
shift || true
ninja="$PWD/.venv/bin/ninja"
[ -f "build/$preset/build.ninja" ] || .venv/bin/cmake --preset "$preset" -DCMAKE_MAKE_PROGRAM="$ninja"
"$ninja" -C "build/$preset" -j "${HONE_JOBS:-$(nproc)}" "$@"
