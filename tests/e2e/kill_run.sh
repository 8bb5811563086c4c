#!/usr/bin/env bash
# A run that is killed (kill -9) again and again ends with the weights of a run that is left alone.
# usage: kill_run.sh HONE MODEL
set -euo pipefail
source "$(dirname "$0")/setup.sh"
write_recipe "$work" "$model"
"$hone" run "$work/recipe.yaml" --set output_dir="$work/whole" > "$work/whole.log" 2>&1 || { cat "$work/whole.log"; exit 1; }
kills=0
for try in $(seq 1 60); do
  "$hone" run "$work/recipe.yaml" --set output_dir="$work/killed" > "$work/killed.log" 2>&1 &
  pid=$!
  sleep "0.$((RANDOM % 7))$((RANDOM % 10))"
  if kill -9 "$pid" 2>/dev/null; then kills=$((kills + 1)); fi
  if wait "$pid" 2>/dev/null; then break; fi
done
"$hone" run "$work/recipe.yaml" --set output_dir="$work/killed" > "$work/killed.log" 2>&1 || { cat "$work/killed.log"; exit 1; }
for stage in warm rl; do
  cmp "$work/whole/run/$stage/final/model.safetensors" "$work/killed/run/$stage/final/model.safetensors"
done
lines() { grep -c '"loss"' "$1/run/metrics.jsonl"; }
[ "$(lines "$work/whole")" = "$(lines "$work/killed")" ] || { echo "metrics have doubled or missing steps"; exit 1; }
echo "killed $kills times: same weights"
