#!/usr/bin/env python3
"""Losses, their gradients and advantages from TRL itself, for tests/unit/rl.

Runs GRPOTrainer._compute_loss and GRPOTrainer._generate_and_score_completions of TRL 1.16.0 (torch 2.11.0,
transformers 5.23.0) on given log-probs and rewards, so that the numbers are TRL's and not a re-implementation's.

    python tools/goldens/rl_losses.py        # writes tests/golden/rl/{losses,advantages}.json
"""
import itertools
import json
import pathlib
import tempfile

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

OUT = pathlib.Path(__file__).parents[2] / "tests" / "golden" / "rl"
MAX_COMPLETION_LENGTH = 9
NUM_GENERATIONS = 4


def make_trainer(folder, reward):
    vocab = {f"w{i}": i for i in range(28)} | {"<pad>": 28, "<eos>": 29, "<unk>": 30}
    words = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<eos>",
                                        unk_token="<unk>")
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1,
                                         num_attention_heads=2, num_key_value_heads=1, eos_token_id=29,
                                         pad_token_id=28))
    args = GRPOConfig(output_dir=folder, use_cpu=True, bf16=False, report_to=[], num_generations=NUM_GENERATIONS,
                      per_device_train_batch_size=12, max_completion_length=MAX_COMPLETION_LENGTH,
                      gradient_checkpointing=False, disable_tqdm=True)
    data = Dataset.from_dict({"prompt": ["w1 w2", "w3", "w4 w5 w6"]})
    trainer = GRPOTrainer(model=model, reward_funcs=reward, args=args, train_dataset=data,
                          processing_class=tokenizer)
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.train()
    return trainer


def floats(tensor):
    return [float(f"{x:.9g}") for x in tensor.flatten().tolist()]


def make_batch(lengths, masked, seed):
    """Log-probs far enough apart that every branch of clip, dual clip and KL is taken."""
    g = torch.Generator().manual_seed(seed)
    shape = (len(lengths), max(lengths))
    logp = -3 * torch.rand(shape, generator=g) - 0.05
    old = logp + 0.5 * torch.randn(shape, generator=g)
    old[0, 0] = logp[0, 0]  # ratio exactly 1
    ref = logp + 0.7 * torch.randn(shape, generator=g)
    advantages = torch.randn(len(lengths), generator=g)
    entropy = 3 * torch.rand(shape, generator=g)
    mask = torch.tensor([[int(t < n and i not in masked) for t in range(shape[1])] for i, n in enumerate(lengths)])
    return {"logp": logp, "logp_old": old, "logp_ref": ref, "advantages": advantages, "entropy": entropy,
            "mask": mask}


def run_loss(trainer, batch, case):
    logp = batch["logp"].clone().requires_grad_()
    entropy = batch["entropy"].clone().requires_grad_()
    trainer._get_per_token_logps_and_entropies = lambda *a, **k: (logp, entropy, None)
    trainer.loss_type = case["loss_type"]
    trainer.epsilon_low = case["epsilon"]
    trainer.epsilon_high = case["epsilon_high"] or case["epsilon"]
    trainer.args.delta = case["delta"]
    trainer.beta = case["beta"]
    trainer.args.use_bias_correction_kl = case["kl_estimator"] == "k3_unbiased"
    trainer.entropy_coef = case["entropy_coef"]
    trainer._entropy_bonus_enabled = case["entropy_coef"] > 0
    trainer.use_adaptive_entropy = False
    trainer._metrics["train"].clear()
    mask = batch["mask"]
    ids = torch.ones_like(mask)
    loss = trainer._compute_loss(trainer.model, {
        "prompt_ids": ids[:, :1], "prompt_mask": ids[:, :1], "completion_ids": ids, "completion_mask": mask,
        "advantages": batch["advantages"], "old_per_token_logps": batch["logp_old"],
        "ref_per_token_logps": batch["logp_ref"], "num_items_in_batch": mask.sum()})
    loss.backward()
    keep = mask.bool()
    metrics = {k: v[-1] for k, v in trainer._metrics["train"].items() if k.startswith(("kl", "clip", "entropy"))}
    metrics = {k: float(f"{v:.9g}") for k, v in metrics.items() if k != "entropy_coef"}
    result = {"loss": float(f"{loss.item():.9g}"), "grad": floats(logp.grad[keep]), "metrics": metrics}
    if case["entropy_coef"] > 0:
        result["grad_entropy"] = floats(entropy.grad[keep])
    return case | result


def loss_cases():
    defaults = {"epsilon": 0.2, "epsilon_high": None, "delta": None, "beta": 0.0, "kl_estimator": "k3",
                "entropy_coef": 0.0}
    types = ["grpo", "dr_grpo", "dapo", "bnpo"]
    clips = [{}, {"epsilon_high": 0.28}, {"epsilon": 0.1, "epsilon_high": 0.4, "delta": 1.6}]
    kls = [{}, {"beta": 0.04}, {"beta": 0.3, "kl_estimator": "k3_unbiased"}]
    for loss_type, clip, kl in itertools.product(types, clips, kls):
        yield defaults | {"loss_type": loss_type} | clip | kl
    for loss_type in ["dapo", "bnpo"]:  # TRL's entropy bonus is a token mean whatever the loss type
        yield defaults | {"loss_type": loss_type, "entropy_coef": 0.01, "beta": 0.04}


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    value = {"made_by": "tools/goldens/rl_losses.py, trl 1.16.0, torch 2.11.0, transformers 5.23.0"} | value
    (OUT / name).write_text(json.dumps(value, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


def main():
    rewards = []
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(folder, lambda completions, **kwargs: list(rewards))
        advantages = []
        none = None
        for values in ([0, 1, 1, 0, 0.25, 0.5, 0.75, 3, 1, 0, 0, 0],
                       [0.1, 0.1, 0.1, 0.1, 1, none, 0, 2, -5, none, none, none],  # equal; one out; one left
                       [none, none, none, none, 1e-3, 2e-3, 1e-3, 1e-3, 1000, -1000, 3, 4]):
            for scale in ["group", "batch", "none"]:
                rewards[:] = values
                trainer.scale_rewards = scale
                trainer._metrics["train"].clear()
                rows = [{"prompt": p} for p in ["w1 w2", "w3", "w4 w5 w6"] for _ in range(NUM_GENERATIONS)]
                out = trainer._generate_and_score_completions(rows)
                metrics = {k: trainer._metrics["train"][k][-1] for k in ["reward", "reward_std"]}
                advantages.append({"rewards": values, "num_generations": NUM_GENERATIONS, "scale_rewards": scale,
                                   "advantages": floats(out["advantages"]), "metrics": metrics})
        write("advantages.json", {"cases": advantages})

        batches = []
        for lengths, masked, seed in [([5, 2, 7, 1, 9], [], 1), ([4, 8, 3, 6], [1], 2)]:
            batch = make_batch(lengths, masked, seed)
            keep = batch["mask"].bool()
            tokens = {k: floats(batch[k][keep]) for k in ["logp", "logp_old", "logp_ref", "entropy"]}
            tokens["advantages"] = floats(batch["advantages"][:, None].expand(keep.shape)[keep])
            cases = [run_loss(trainer, batch, case) for case in loss_cases()]
            batches.append({"lengths": [n for i, n in enumerate(lengths) if i not in masked],
                            "num_rows": len(lengths)} | tokens | {"cases": cases})
        write("losses.json", {"max_completion_length": MAX_COMPLETION_LENGTH, "batches": batches})


if __name__ == "__main__":
    main()
