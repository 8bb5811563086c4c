# What the whole-run tests share: their arguments HONE and MODEL, a work folder that goes with them, a small recipe.
hone="$1" model="$2"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# A recipe of two stages for a tiny model, with plain prompts. usage: write_recipe FOLDER MODEL
write_recipe() {
  mkdir -p "$1"
  for i in $(seq 1 12); do
    echo "{\"prompt\": \"number $i is\", \"completion\": \" n$i\", \"answer\": \"$i\"}"
  done > "$1/data.jsonl"
  cat > "$1/recipe.yaml" <<YAML
name: run
model: $2
dtype: fp32
seed: 5
threads: 1
stages:
  - {name: warm, type: sft, data: {path: $1/data.jsonl}, train_batch_size: 4, max_steps: 8, learning_rate: 1e-3, save_steps: 1}
  - name: rl
    type: grpo
    data: {path: $1/data.jsonl}
    num_prompts_per_step: 4
    num_generations: 4
    max_steps: 8
    max_completion_length: 10
    learning_rate: 1e-3
    save_steps: 1
    rewards: [{type: length, max: 30, ramp: 30, unit: characters}]
YAML
}
