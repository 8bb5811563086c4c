#!/usr/bin/env bash
# Two processes under torchrun's variables give the gradients of one. usage: ranks_run.sh HONE MODEL
set -euo pipefail
source "$(dirname "$0")/setup.sh"
write_recipe "$work" "$model"
"$hone" run "$work/recipe.yaml" --set output_dir="$work/one" > "$work/one.log" 2>&1 || { cat "$work/one.log"; exit 1; }
port=$((20000 + RANDOM % 20000))
for rank in 0 1; do
  RANK=$rank LOCAL_RANK=$rank WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$port \
    timeout 120 "$hone" run "$work/recipe.yaml" --set output_dir="$work/two" > "$work/two-$rank.log" 2>&1 &
  pids[$rank]=$!
done
for rank in 0 1; do wait "${pids[$rank]}" || { cat "$work"/two-*.log; exit 1; }; done
python3 - "$work/one/run/metrics.jsonl" "$work/two/run/metrics.jsonl" <<'PY'
import json, sys
def first_steps(path):  # later steps grow apart with rounding, as any two orders of summation do
    lines = [json.loads(line) for line in open(path)]
    return {(l["stage"], l["step"]): l["grad_norm"] for l in lines if "grad_norm" in l and l["step"] <= 2}
one, two = map(first_steps, sys.argv[1:])
assert one.keys() == two.keys() and len(one) == 4, (one, two)
for key in one:
    difference = abs(one[key] - two[key]) / one[key]
    print(key, "relative difference of the gradient norm", difference)
    assert difference < 1e-5, (key, one[key], two[key])
PY
