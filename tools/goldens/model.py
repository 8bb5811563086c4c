"""Goldens of the forward and backward pass: tiny random models as transformers computes them.

Made with torch 2.11 and transformers 5.23 (fp32, eager attention):

    python tools/goldens/model.py        writes tests/golden/model/<name>/

Each folder is a complete Hugging Face model of some 20,000 to 40,000 weights (config.json, model.safetensors, a
byte-level tokenizer) with golden.safetensors beside it:

    ids0 [40], ids1 [90]           int64 token ids of two sequences
    logits0, logits1 [8, vocab]    fp32 logits of the last 8 positions
    logp0 [39], logp1 [89]         fp32 log-probs of the next tokens
    grad.<parameter>               gradient of the mean NLL over the next tokens of both sequences
"""

import json
import pathlib

import torch
import transformers
from safetensors.torch import save_file

GOLDEN = pathlib.Path(__file__).parents[2] / "tests/golden/model"
LENGTHS = (40, 90)
KEPT_ROWS = 8
SHAPE = dict(vocab_size=260, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             head_dim=16, intermediate_size=48, max_position_embeddings=128, bos_token_id=None, eos_token_id=256,
             pad_token_id=None, attn_implementation="eager")
# original_max_position_embeddings 32 puts one of the eight frequencies into each regime of the llama3 rule and more.
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=32)
MODELS = {
    "llama": transformers.LlamaConfig(**SHAPE, tie_word_embeddings=True, rope_parameters=LLAMA3),
    "llama_untied": transformers.LlamaConfig(**SHAPE, tie_word_embeddings=False),
    "mistral": transformers.MistralConfig(**SHAPE, tie_word_embeddings=False, sliding_window=24),
    "qwen2": transformers.Qwen2Config(**SHAPE, tie_word_embeddings=True),
    "qwen3": transformers.Qwen3Config(**SHAPE, tie_word_embeddings=True),
    "gemma3": transformers.Gemma3TextConfig(**SHAPE, sliding_window=8, query_pre_attn_scalar=16,
                                            layer_types=["sliding_attention", "full_attention"]),
}


def byte_tokenizer():
    """Byte-level BPE without merges: one token a byte, then <|end|> (256)."""
    printable = set(range(33, 127)) | set(range(161, 173)) | set(range(174, 256))
    others = iter(range(256, 512))
    vocab = {chr(b if b in printable else next(others)): b for b in range(256)}
    end = {"id": 256, "content": "<|end|>", "special": True, "single_word": False, "lstrip": False, "rstrip": False,
           "normalized": False}
    level = {"type": "ByteLevel", "trim_offsets": True, "use_regex": True}
    return {"version": "1.0", "added_tokens": [end], "normalizer": None,
            "pre_tokenizer": {**level, "add_prefix_space": False}, "post_processor": None,
            "decoder": {**level, "add_prefix_space": True}, "model": {"type": "BPE", "vocab": vocab, "merges": []}}


def random_model(config):
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager")
    identity = 0.0 if config.model_type == "gemma3_text" else 1.0  # Gemma's norms apply 1 + w
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.randn(p.shape) * 0.3 + (identity if name.endswith("norm.weight") else 0.0))
    return model.eval()


def golden(model):
    out, logps = {}, []
    for i, length in enumerate(LENGTHS):
        ids = torch.randint(0, 257, (length,))
        logits = model(ids[None]).logits[0]
        logp = torch.log_softmax(logits[:-1], -1).gather(1, ids[1:, None])[:, 0]
        out |= {f"ids{i}": ids, f"logits{i}": logits[-KEPT_ROWS:].detach().clone(), f"logp{i}": logp.detach().clone()}
        logps.append(logp)
    (-torch.cat(logps).mean()).backward()
    return out | {f"grad.{name}": p.grad for name, p in model.named_parameters()}


def main():
    for seed, (name, config) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        folder = GOLDEN / name
        model = random_model(config)
        model.save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer(), separators=(",", ":")))
        (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|end|>"}) + "\n")
        tensors = golden(model)
        save_file(tensors, folder / "golden.safetensors")
        print(f"{name}: mean NLL {-torch.cat([tensors['logp0'], tensors['logp1']]).mean():.4f}")


if __name__ == "__main__":
    main()
