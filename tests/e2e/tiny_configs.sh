#!/usr/bin/env bash
# The recipes of configs/tiny run as they are, but on a tiny model, which has no chat template and a context of 128.
# usage: tiny_configs.sh HONE MODEL
set -euo pipefail
source "$(dirname "$0")/setup.sh"
configs="$(cd "$(dirname "$0")/../../configs/tiny" && pwd)"
echo '{% for m in messages %}{{ m.content }}{% endfor %}' > "$work/template.jinja"
smaller=(--set model="$model" --set chat_template="$work/template.jinja")
run() {
  "$hone" run "$@" "${smaller[@]}" --set output_dir="$work/runs" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  grep -q 'report:' "$work/log"
}
for recipe in "$configs"/*.yaml; do
  "$hone" check "$recipe" "${smaller[@]}" > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
done
run "$configs/sft.yaml" --set stages.cold_start.truncation=keep_start
run "$configs/grpo.yaml"
