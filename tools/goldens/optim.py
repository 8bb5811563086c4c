#!/usr/bin/env python3
"""Learning-rate schedules from transformers 5.23.0 and AdamW updates from torch 2.11.0, for tests/unit/train.

    python tools/goldens/optim.py        # writes tests/golden/train/{schedule,adamw}.json
"""
import json
import pathlib

import torch
from transformers import get_scheduler

OUT = pathlib.Path(__file__).parents[2] / "tests" / "golden" / "train"
MADE_BY = "tools/goldens/optim.py, torch 2.11.0, transformers 5.23.0"


def schedule(name, steps, warmup, min_lr_rate):
    """Rates that the optimiser steps 0 .. steps-1 use."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=3e-5)
    kwargs = {"min_lr_rate": min_lr_rate} if name == "cosine_with_min_lr" else None
    theirs = "constant_with_warmup" if name == "constant" else name
    scheduler = get_scheduler(theirs, optimizer, warmup, steps, scheduler_specific_kwargs=kwargs)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return {"lr_scheduler_type": name, "total_steps": steps, "warmup_steps": warmup, "min_lr_rate": min_lr_rate,
            "rates": rates}


def adamw(options, steps=7, count=40):
    """Weights after every update; gradients cover many orders of magnitude, and zero."""
    g = torch.Generator().manual_seed(1)
    weights = torch.nn.Parameter(torch.randn(count, generator=g))
    start = weights.detach().tolist()
    optimizer = torch.optim.AdamW([weights], foreach=False, fused=False, **options)
    gradients, after = [], []
    for _ in range(steps):
        gradient = torch.randn(count, generator=g) * 10 ** (8 * torch.rand(count, generator=g) - 6)
        gradient[:3] = 0
        weights.grad = gradient
        optimizer.step()
        gradients.append(gradient.tolist())
        after.append(weights.detach().tolist())
    state = optimizer.state[weights]
    return {"options": options, "start": start, "gradients": gradients, "weights": after,
            "m": state["exp_avg"].tolist(), "v": state["exp_avg_sq"].tolist()}


def clip():
    """clip_grad_norm_'s factor: the ratio of gradients after and before."""
    cases = []
    for values, max_norm in [([3.0, 4.0], 1.0), ([0.3, 0.4], 1.0), ([3e4, -4e4], 0.2), ([0.0, 0.0], 1.0)]:
        parameter = torch.nn.Parameter(torch.zeros(2))
        parameter.grad = torch.tensor(values)
        norm = torch.nn.utils.clip_grad_norm_([parameter], max_norm).item()
        cases.append({"values": values, "max_norm": max_norm, "norm": norm, "clipped": parameter.grad.tolist()})
    return cases


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text(json.dumps({"made_by": MADE_BY} | value, separators=(",", ":")) + "\n")


def main():
    write("schedule.json", {"learning_rate": 3e-5, "cases": [
        schedule(name, steps, warmup, 0.1)
        for name in ["constant", "linear", "cosine", "cosine_with_min_lr"]
        for steps, warmup in [(10, 0), (12, 4), (1, 0), (5, 5), (37, 3)]]})
    write("adamw.json", {"cases": [
        adamw({"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}),
        adamw({"lr": 2e-5, "betas": (0.9, 0.95), "eps": 1e-8, "weight_decay": 0.1}),
        adamw({"lr": 0.5, "betas": (0.0, 0.99), "eps": 1e-6, "weight_decay": 0.01})], "clip": clip()})


if __name__ == "__main__":
    main()
