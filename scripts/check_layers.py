#!/usr/bin/env python3
"""Fails on an include that points upwards. Usage: check_layers.py [ROOT]"""
import pathlib
import re
import sys

# A layer may include itself and every layer named in its list; include/hone is open to all but base and kernels.
ALLOWED = {
    "base": [],
    "format": ["base"],
    "config": ["base"],
    "text": ["base", "format"],
    "ops": ["base", "kernels"],
    "comm": ["base"],
    "data": ["base", "text"],
    "sandbox": ["base"],
    "reward": ["base", "text", "sandbox"],
    "report": ["base"],
    "model": ["base", "kernels", "format", "text", "ops"],
    "rl": ["base"],
    "rollout": ["base", "kernels", "text", "ops", "model"],
    "train": ["base", "format", "ops", "model", "comm"],
    "stage": ["base", "config", "text", "ops", "comm", "data", "reward", "report", "model", "rl", "rollout", "train"],
    "pipeline": ["base", "kernels", "config", "comm", "report", "stage", "model", "train", "text", "data"],
    "cli": None,  # anything
}
TORCH_FREE = ["base", "format", "config", "text", "data", "sandbox", "reward", "report"]
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)


def problems(root: pathlib.Path):
    for layer, allowed in ALLOWED.items():
        for path in sorted((root / "src" / layer).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            for target in INCLUDE.findall(path.read_text()):
                top = target.split("/")[0]
                if layer in TORCH_FREE and top in ("torch", "ATen", "c10"):
                    yield f"{path}: {layer}/ is Torch-free but includes {target}"
                if allowed is None or top == layer or (top not in ALLOWED and top != "kernels"):
                    continue
                if top not in allowed:
                    yield f"{path}: {layer}/ may not include {target}"
    for path in sorted((root / "kernels").rglob("*")):
        if path.suffix in (".h", ".cpp", ".cu", ".cuh"):
            for target in INCLUDE.findall(path.read_text()):
                if target.split("/")[0] in (*ALLOWED, "hone", "torch", "ATen", "c10"):
                    yield f"{path}: kernels know neither hone nor Torch, but it includes {target}"


if __name__ == "__main__":
    found = list(problems(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
    print("\n".join(found) or "layers: every include points downwards")
    sys.exit(bool(found))
