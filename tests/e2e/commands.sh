#!/usr/bin/env bash
# Every command of the program once, on a tiny model: exit codes, and that what one writes another one reads.
# usage: commands.sh HONE MODEL
set -euo pipefail
source "$(dirname "$0")/setup.sh"
write_recipe "$work" "$model"
fail() { echo "commands.sh: $*"; exit 1; }
expect() {  # expect CODE COMMAND...
  local code=0 wanted="$1"
  shift
  "$@" > "$work/out" 2> "$work/err" || code=$?
  [ "$code" = "$wanted" ] || { cat "$work/out" "$work/err"; fail "$*: exit code $code, expected $wanted"; }
}
lines() { wc -l < "$1"; }

expect 0 "$hone" --help
expect 0 "$hone" --version
expect 2 "$hone"
expect 2 "$hone" nonsense
for command in run check generate logprobs tokenize score eval chat convert report data bench doctor; do
  expect 0 "$hone" "$command" --help
done
expect 0 "$hone" doctor
grep -q '^isa: ' "$work/out" || fail "doctor names no instruction set"
grep -q '^sandbox' "$work/out" || fail "doctor says nothing of the sandbox"

printf '{"prompt": "one two"}\n{"ids": [5, 6, 7]}\n' > "$work/prompts.jsonl"
expect 0 "$hone" generate --model "$model" --in "$work/prompts.jsonl" --out "$work/samples.jsonl" --n 3 --max-tokens 9
[ "$(lines "$work/samples.jsonl")" = 6 ] || fail "generate: not 6 samples"
python3 - "$work" <<'PY'
import json, sys
work = sys.argv[1]
with open(work + "/ids.jsonl", "w") as f:
    for line in open(work + "/samples.jsonl"):
        sample = json.loads(line)
        assert len(sample["ids"]) == len(sample["logprobs"]), sample
        f.write(json.dumps({"ids": sample["prompt_ids"] + sample["ids"]}) + "\n")
PY
expect 0 "$hone" logprobs --model "$model" --in "$work/ids.jsonl" --out "$work/logprobs.jsonl"
python3 - "$work" <<'PY'
import json, sys
work = sys.argv[1]
for a, b in zip(open(work + "/samples.jsonl"), open(work + "/logprobs.jsonl")):
    sample, training = json.loads(a), json.loads(b)["logprobs"]
    assert training[-len(sample["ids"]):] == sample["logprobs"], (sample, training)  # bit for bit
PY
printf '{"text": "one two"}\n' | expect 0 "$hone" tokenize --model "$model" --in - --out -
grep -q '"ids":\[' "$work/out" || fail "tokenize: no ids"
printf '{"completion": "<answer>4</answer>", "answer": "4"}\n' | expect 0 "$hone" score --reward math --in - --out -
grep -q '"verdict":"correct"' "$work/out" || fail "score: 4 is not 4"
expect 2 "$hone" score --reward maths --in "$work/ids.jsonl" --out -
expect 1 "$hone" generate --model "$work/none" --in "$work/prompts.jsonl" --out -
expect 1 "$hone" generate --model "$model" --in "$work/prompts.jsonl" --out "$work/no/such/folder"
expect 0 "$hone" eval --model "$model" --data "$work/data.jsonl" --k 2 --max-tokens 4
printf 'one two\n\n' | expect 2 "$hone" chat --model "$model" --max-tokens 4  # it has no chat template
expect 0 "$hone" convert "$model" "$work/copy" --dtype fp32
expect 0 "$hone" generate --model "$work/copy" --in "$work/prompts.jsonl" --out "$work/again.jsonl" --n 3 --max-tokens 9
cmp "$work/samples.jsonl" "$work/again.jsonl" || fail "a converted model samples otherwise"

expect 0 "$hone" check "$work/recipe.yaml"
expect 2 "$hone" check "$work/recipe.yaml" --set stages.rl.learnign_rate=1
grep -q learning_rate "$work/err" || fail "no nearest name"
expect 0 "$hone" data show "$work/recipe.yaml" warm
expect 0 "$hone" run "$work/recipe.yaml" --set output_dir="$work/runs"
# A reward model, and a run whose reward it is.
for i in $(seq 1 12); do
  echo "{\"prompt\": \"number $i is\", \"chosen\": \" n$i\", \"rejected\": \" not $i\"}"
  echo "{\"prompt\": \"number $i was\", \"chosen\": \" n$i, I think\", \"rejected\": \" $i\"}"
done > "$work/pairs.jsonl"
cat > "$work/reward_model.yaml" <<YAML
name: rm
model: $model
dtype: fp32
stages:
  - {type: reward_model, data: {path: $work/pairs.jsonl}, train_batch_size: 4, max_steps: 12, learning_rate: 1e-3, eval_fraction: 0.25, save_steps: 4}
YAML
expect 0 "$hone" data show "$work/reward_model.yaml" reward_model
expect 0 "$hone" run "$work/reward_model.yaml" --set output_dir="$work/runs"
grep -q '"eval/length_baseline"' "$work/runs/rm/metrics.jsonl" || fail "reward_model: no baseline"
cp "$work/runs/rm/reward_model/final/model.safetensors" "$work/rm.safetensors"
rm -r "$work"/runs/rm/reward_model/{final,done.json,checkpoints/step-000012}
expect 0 "$hone" run "$work/reward_model.yaml" --set output_dir="$work/runs"
cmp "$work/rm.safetensors" "$work/runs/rm/reward_model/final/model.safetensors" || fail "reward_model: resumed otherwise"
printf '{"prompt": "number 3 is", "completion": " n3"}\n' |
  expect 0 "$hone" score --reward reward_model --set model="$work/runs/rm/reward_model/final" --in - --out -
grep -q '"why":"score ' "$work/out" || fail "score: the reward model says nothing"
expect 2 "$hone" score --reward reward_model --set model="$model" --in "$work/pairs.jsonl" --out -
expect 2 "$hone" generate --model "$work/runs/rm/reward_model/final" --in "$work/prompts.jsonl" --out -
expect 0 "$hone" run "$work/recipe.yaml" --set name=judged --set output_dir="$work/runs" --set stages.rl.max_steps=2 \
  --set 'stages.rl.rewards.0={type: reward_model, model: '"$work/runs/rm/reward_model/final"'}'
rm "$work/runs/run/report.html"
expect 0 "$hone" report "$work/runs/run"
[ -s "$work/runs/run/report.html" ] || fail "no report"
expect 0 "$hone" bench generate --model "$model" --prompts 2 --samples 2 --prompt-tokens 8 --tokens 8 --repeats 1
grep -q '"share_of_limit"' "$work/out" || fail "bench: no share of the limit"
