#!/usr/bin/env bash
# Set-up, build and all tests.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
scripts/build.sh cpu
scripts/fetch_model.sh
.venv/bin/ctest --test-dir build/cpu --output-on-failure -j "${HONE_JOBS:-$(nproc)}"
