"""How cost grows: rows, context, threads, group size. Prints a table of each curve and draws docs/growth.svg.
usage: growth.py HONE MODEL [--render]"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build/bench/growth.json"
HONE, MODEL = sys.argv[1], sys.argv[2]

CURVES = {
    "rows decoded together": ("generate", "tok_per_s", [1, 2, 4, 8, 16, 32, 64, 128, 256],
                              lambda n: ["--prompts", n, "--samples", 1, "--tokens", 48]),
    "rows decoded together: share of the limit": ("generate", "share_of_limit", [1, 2, 4, 8, 16, 32, 64, 128, 256],
                              lambda n: ["--prompts", n, "--samples", 1, "--tokens", 48]),
    "prompt tokens before 8 x 4 rows": ("generate", "tok_per_s", [128, 256, 512, 1024, 2048, 4096],
                              lambda n: ["--prompts", 8, "--samples", 4, "--tokens", 32, "--prompt-tokens", n]),
    "group size (64 rows)": ("generate", "tok_per_s", [1, 2, 4, 8, 16, 32],
                              lambda n: ["--prompts", 64 // n, "--samples", n, "--tokens", 32, "--prompt-tokens", 256]),
    "length of a trained row (4,096 tokens a step)": ("sft", "tok_per_s", [128, 256, 512, 1024, 2048, 4096],
                              lambda n: ["--rows", 4096 // n, "--length", n, "--micro-batch", max(n, 2048)]),
    "tokens of a micro-batch": ("sft", "tok_per_s", [256, 512, 1024, 2048, 4096],
                              lambda n: ["--rows", 16, "--length", 256, "--micro-batch", n]),
}
THREADS = [("generate", ["--tokens", 48]), ("generate", ["--prompts", 1, "--samples", 1]), ("sft", [])]


def run(bench, options):
    command = [HONE, "bench", bench, "--model", MODEL, "--repeats", "1", *map(str, options)]
    print(" ".join(command), file=sys.stderr, flush=True)
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure():
    results, seen = {}, {}
    for name, (bench, key, xs, options) in CURVES.items():
        results[name] = []
        for x in xs:
            command = json.dumps([bench, *map(str, options(x))])
            seen[command] = seen.get(command) or run(bench, options(x))
            results[name].append([x, seen[command][key], seen[command]["peak_rss_gb"]])
    results["threads"] = [[f"{bench} {' '.join(map(str, o))}".strip(), t, run(bench, [*o, "--threads", t])["tok_per_s"]]
                          for bench, o in THREADS for t in (1, 2)]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results))


def render():
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "hone"
    import matplotlib.pyplot as plt
    results = json.loads(RESULTS.read_text())
    figure, axes = plt.subplots(2, 3, figsize=(9, 5))
    for axis, (name, (bench, key, _, _)) in zip(axes.flat, CURVES.items()):
        points = results[name]
        axis.plot([p[0] for p in points], [p[1] for p in points], "o-", color="#2458a6", markersize=3)
        axis.set_xscale("log", base=2)
        axis.set_ylim(bottom=0)
        axis.set_title(name, fontsize=8, loc="left")
        axis.tick_params(labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
        print(f"{name} ({bench}, {key}): " + ", ".join(f"{p[0]}: {p[1]:g} ({p[2]:.2f} GB)" for p in points))
    print("threads:", results["threads"])
    figure.tight_layout()
    figure.savefig(ROOT / "docs/growth.svg", metadata={"Date": None})


if "--render" not in sys.argv:
    measure()
render()
