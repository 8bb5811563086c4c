#!/usr/bin/env python3
"""Soft overlong and repetition rewards as TRL 1.16.0 computes them, on the same lengths and words. TRL counts token ids;
here every different word is one. Writes tests/golden/reward/trl.jsonl. Needs: pip install --no-deps trl==1.16.0."""
import importlib.util
import json
import pathlib
import random
import sysconfig

SEED = 5


def trl_rewards():
    path = pathlib.Path(sysconfig.get_paths()["purelib"]) / "trl/rewards/other_rewards.py"  # without importing torch
    spec = importlib.util.spec_from_file_location("other_rewards", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    trl, rng, lines = trl_rewards(), random.Random(SEED), []
    for longest, cache in [(20480, 4096), (100, 20), (100, 100), (7, 0)]:
        punish = trl.get_soft_overlong_punishment(longest, cache)
        for n in sorted({0, longest - cache, longest - cache + 1, longest, longest + 1, *rng.choices(range(longest + 9), k=8)}):
            lines.append({"reward": "overlong", "options": {"max": longest, "cache": cache}, "num_tokens": n,
                          "completion": "", "want": punish(completion_ids=[[0] * n])[0]})
    for ngram in (1, 2, 3, 5):
        penalty = trl.get_repetition_penalty_reward(ngram, -1.5)
        for _ in range(12):
            ids = [rng.randrange(rng.choice([2, 5, 40])) for _ in range(rng.randrange(60))]
            text = rng.choice([" ", "\n", "  "]).join(rng.choice(["w%d", "W%d"]) % i for i in ids)
            lines.append({"reward": "repetition", "completion": text, "want": penalty(completion_ids=[ids])[0],
                          "options": {"ngram": ngram, "max_penalty": -1.5, "min_loop": 1000000}})
    out = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/reward/trl.jsonl"
    out.write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main()
