"""Runs hone and its peers alternately on the same work, and writes the tables of docs/benchmarks.md and a plot.

Peers run at their best: every micro-batch size and dtype is tried first (GRPO on half of the prompts), the fastest kept.
Results of single runs are kept in build/bench/results.jsonl; --render only draws them again.
"""
import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "build/bench"
MODEL = OUT / "smollm2"
HONE = ROOT / "build/cpu/hone"
RESULTS = OUT / "results.jsonl"
PAGE = ROOT / "docs/benchmarks.md"
BEGIN, END = "<!-- made by scripts/bench.sh: begin -->", "<!-- made by scripts/bench.sh: end -->"

HAS_LLAMA_CPP = importlib.util.find_spec("llama_cpp") is not None  # it is compiled on installation, which may fail
PEERS = {"generate": ["transformers"] + ["llama.cpp"] * HAS_LLAMA_CPP, "sft": ["TRL SFT"], "grpo": ["TRL GRPO"]}


def run(command):
    """The JSON object of a command's last line."""
    print("bench:", " ".join(str(c) for c in command), file=sys.stderr, flush=True)
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, cwd=ROOT)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def hone(bench, *options):
    return run([HONE, "bench", bench, "--model", MODEL, "--repeats", 2, *options])  # the best of two, as generation peers


def peer(script, *options):
    return run([sys.executable, ROOT / "bench/peers" / script, *options])


def fastest(name, script, base, micro_batches):
    """Options of the fastest of all micro-batch sizes and dtypes."""
    tried = []
    for dtype in [[], ["--fp32"]]:
        for mb in micro_batches:
            line = peer(script, MODEL, *base, "--mb", mb, "--steps", 2, *dtype)
            tried.append((line["step_s"], ["--mb", mb, *dtype]))
            record({"tried": name, **line})
    return min(tried, key=lambda t: t[0])[1]


def record(line):
    line["date"] = datetime.date.today().isoformat()
    with RESULTS.open("a") as f:
        f.write(json.dumps(line) + "\n")


def measure(args):
    RESULTS.unlink(missing_ok=True)
    grpo_options = args.trl_grpo.split() or fastest("TRL GRPO", "trl_grpo.py", ["--P", 4], [4, 8, 16, 32])
    sft_options = args.trl_sft.split() or fastest("TRL SFT", "trl_sft.py", [], [1, 2, 4])
    for _ in range(args.repeats):
        for name, line in [
            ("hone generate", lambda: hone("generate")),
            ("transformers", lambda: peer("hf_generate.py", MODEL)),
            *[("llama.cpp", lambda: peer("llama_cpp_batched.py"))] * HAS_LLAMA_CPP,
            ("hone generate, 1 row", lambda: hone("generate", "--prompts", 1, "--samples", 1)),
            ("hone sft", lambda: hone("sft")),
            ("TRL SFT", lambda: peer("trl_sft.py", MODEL, "--steps", 2, *sft_options)),
            ("hone grpo", lambda: hone("grpo")),
            ("TRL GRPO", lambda: peer("trl_grpo.py", MODEL, "--steps", 2, *grpo_options)),
        ]:
            record({"name": name, **line()})


def load():
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    runs = {}
    for line in lines:
        if "name" in line:
            runs.setdefault(line["name"], []).append(line)
    return lines, runs


def median(runs, key):
    values = [r[key] for r in runs if key in r]
    return statistics.median(values) if values else None


def speed(runs):
    """Tokens a second; TRL's GRPO counts completions under a name of its own."""
    return median(runs, "tok_per_s") or median(runs, "completion_tok_per_s")


def table(runs):
    """One row a program: medians of the repeats, and hone's factor over it."""
    rows = ["| work | program | seconds | tokens/s | peak memory | hone is faster by |", "|---|---|---|---|---|---|"]
    for bench, peers in PEERS.items():
        ours = speed(runs[f"hone {bench}"])
        for name in [f"hone {bench}", *peers]:
            mine = runs[name]
            seconds = median(mine, "s") or median(mine, "step_s")
            factor = f"**{ours / speed(mine):.1f}**" if name in peers else ""
            note = f" ({mine[0]['dtype']}" + (f", micro-batch {mine[0]['mb']}" if "mb" in mine[0] else "") + ")"
            rows.append(f"| {bench} | {name.removesuffix(' ' + bench)}{note} | {seconds:.2f} | {speed(mine):.0f} | "
                        f"{median(mine, 'peak_rss_gb'):.2f} GB | {factor} |")
    return rows


def best_limits(runs):
    """The highest limits of all runs: a neighbour that takes a core while they are measured only lowers them."""
    measured = [run["limits"] for of_name in runs.values() for run in of_name if "limits" in run]
    return {kind: max(m[kind] for m in measured) for kind in measured[0]}


def shares(runs, limits):
    rows = ["| work | share of the limit |", "|---|---|"]
    for work, name, field in (
            ("decode, 64 rows (generate)", "hone generate", "share_of_limit"),
            ("decode, 1 row", "hone generate, 1 row", "share_of_limit"),
            ("training (sft step)", "hone sft", "share_of_limit"),
            ("training (grpo step)", "hone grpo", "train_share_of_limit"),
            ("rollout (grpo step)", "hone grpo", "gen_share_of_limit")):
        of_runs = []
        for run in runs[name]:
            kind = "read_gb_s" if name.endswith("1 row") else run["dtype"] + "_gflop_s"  # what bounds it
            of_runs.append(run[field] * run["limits"][kind] / limits[kind])
        rows.append(f"| {work} | {100 * statistics.median(of_runs):.0f} % |")
    return rows


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def plot(runs):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "hone"
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.6))
    for axis, (bench, peers) in zip(axes, PEERS.items()):
        names = [f"hone {bench}", *peers]
        rates = [speed(runs[n]) for n in names]
        bars = axis.barh([n.replace(f" {bench}", "") for n in names], rates, color=["#2458a6"] + ["#b9bec8"] * len(peers))
        axis.bar_label(bars, [f" {r:.0f}" for r in rates])
        axis.set_title(f"{bench}: tokens a second", loc="left", fontsize=10)
        axis.invert_yaxis()
        axis.margins(x=0.18)
        axis.spines[["top", "right", "bottom"]].set_visible(False)
        axis.set_xticks([])
    figure.tight_layout()
    figure.savefig(ROOT / "docs/benchmarks.svg", metadata={"Date": None})


def render():
    lines, runs = load()
    limits = best_limits(runs)
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in
                         ["torch", "transformers", "trl"] + ["llama-cpp-python"] * HAS_LLAMA_CPP)
    repeats = len(runs["hone generate"])
    how_often = "one run" if repeats == 1 else f"medians of {repeats} alternating runs"
    body = [BEGIN, "",
            f"`scripts/bench.sh`, {lines[-1]['date']}, {os.cpu_count()} cores of {cpu_name()}; {how_often}. {versions}. "
            f"Limits, the highest of those measured in hone's runs: memory reads {limits['read_gb_s']:.1f} GB/s, "
            f"bf16 {limits['bf16_gflop_s']:.0f} GFLOP/s, fp32 {limits['fp32_gflop_s']:.0f} GFLOP/s.", "",
            *table(runs), "", "![tokens a second](benchmarks.svg)", "", *shares(runs, limits), ""]
    tried = [line for line in lines if "tried" in line]
    if tried:
        body += ["Settings tried for the peers (seconds a step; GRPO on half of the prompts): " + "; ".join(
            f"{t['tried']} {t['dtype']} micro-batch {t['mb']}: {t['step_s']:.1f}" for t in tried) + ".", ""]
    body.append(END)
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    PAGE.write_text(before + "\n".join(body) + rest.split(END)[1])
    plot(runs)
    print(f"bench: wrote {PAGE.relative_to(ROOT)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--trl-grpo", default="", help="options of bench/peers/trl_grpo.py instead of trying all")
    parser.add_argument("--trl-sft", default="", help="options of bench/peers/trl_sft.py instead of trying all")
    parser.add_argument("--render", action="store_true", help="only write the page again")
    args = parser.parse_args()
    if not args.render:
        measure(args)
    render()


if __name__ == "__main__":
    main()
