#!/usr/bin/env bash
# Everything from a fresh clone: set-up, build, a small real model, and the quickstart recipe (cold-start SFT, then GRPO).
# Arguments are passed to `hone run`, e.g. --set seed=2.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
scripts/build.sh cpu hone_cli
scripts/fetch_model.sh
build/cpu/hone run configs/quickstart.yaml "$@"
