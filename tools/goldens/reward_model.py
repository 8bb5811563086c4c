"""Goldens of reward models: transformers' classifiers with one label over the models of tests/golden/model.

Made with torch 2.11 and transformers 5.23 (fp32, eager attention):

    python tools/goldens/reward_model.py        writes tests/golden/reward_model/<name>/

Each folder is a complete Hugging Face model with golden.safetensors beside it:

    ids0 [40], ids1 [90]    int64 token ids of two sequences
    score0, score1 [1]      fp32 score at the last token
"""

import pathlib
import shutil

import torch
import transformers
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parents[2] / "tests/golden"


def main():
    for seed, name in enumerate(["llama", "llama_untied", "qwen3", "gemma3"]):
        torch.manual_seed(seed)
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            GOLDEN / "model" / name, num_labels=1, dtype=torch.float32, attn_implementation="eager").eval()
        with torch.no_grad():
            model.score.weight.copy_(torch.randn(model.score.weight.shape) * 0.3)
        folder = GOLDEN / "reward_model" / name
        model.save_pretrained(folder)
        for file in ["tokenizer.json", "tokenizer_config.json"]:
            shutil.copy(GOLDEN / "model" / name / file, folder)
        golden = {}
        for i, length in enumerate((40, 90)):
            ids = torch.randint(0, 257, (length,))
            golden |= {f"ids{i}": ids, f"score{i}": model(ids[None]).logits[0].detach().clone()}
        save_file(golden, folder / "golden.safetensors")


if __name__ == "__main__":
    main()
