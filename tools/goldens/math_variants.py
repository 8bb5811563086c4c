"""Writes tests/golden/reward/math_variants.jsonl: MATH-500 gold answers against rewritten (right) and perturbed (wrong)
variants, with math-verify's verdict.

    python -m venv v && v/bin/pip install math-verify==0.9.0 antlr4-python3-runtime==4.13.2
    v/bin/python tools/goldens/math_variants.py math500/test.jsonl tests/golden/reward

Made with math-verify 0.9.0, latex2sympy2_extended 1.11.0, sympy 1.14.0. One line a pair: [gold, answer, 1 if the variant
is right by construction, 1 if math-verify says so]. With --gsm8k FILE it compares math-verify with the published
verdicts on OpenAI's GSM8K model solutions instead, and writes math_gsm8k_differences.jsonl.
"""

import argparse
import json
import logging
import random
import re
from fractions import Fraction
from pathlib import Path

import sympy
from math_verify import parse, verify

SEED = 20
NUMBER = re.compile(r"^-?\d+$")
DECIMAL = re.compile(r"^-?\d*\.\d+$")
FRACTION = re.compile(r"^(-?)\\d?frac\{?(\d+)\}? ?\{?(\d+)\}?$")
TEXT = re.compile(r"^\\text\{\(?([^{}()]+)\)?\}$")
UNITS = [r"\text{ cm}", r"\text{ units}", r" \text{ square feet}", r"^\circ", r"\text{ dollars}"]


def split_items(text):
    """Top-level items of a list between brackets or of a bare one."""
    items, depth, item = [], 0, ""
    for c in text:
        depth += (c in "([{") - (c in ")]}")
        if c == "," and depth == 0:
            items.append(item.strip())
            item = ""
        else:
            item += c
    return items + [item.strip()]


def grouped(n):
    return f"{n:,}"


def symbolic(gold):
    """The gold answer as a sympy expression, where it is a plain scalar."""
    value = parse(f"${gold}$", extraction_mode="first_match")
    value = value[0] if value else None
    return value if isinstance(value, sympy.Expr) else None


def number_variants(r, value):
    right, wrong = [], []
    right += [f"${value}$", f"{value}.0", f"x = {value}", f"{value}{r.choice(UNITS)}", f"\\${value}", f"{value * 3}/3"]
    right += [f"\\frac{{{value * 2}}}{{2}}", f"{value - 7} + 7", f"{value:+d}" if value >= 0 else f"- {-value}"]
    if abs(value) >= 1000:
        right += [grouped(value), grouped(value).replace(",", "{,}"), grouped(value).replace(",", ",\\!")]
        right += [grouped(value).replace(",", "\\,")]
    if value > 1:
        right += [f"\\sqrt{{{value * value}}}"]
    wrong += [str(value + 1), str(value - 1), str(value * 10), f"{value}.5", f"\\frac{{1}}{{{value + 3}}}"]
    wrong += [f"{value or 1}\\sqrt{{2}}", f"{value or 1}\\pi", f"{value}, {value + 1}", f"{value} + x"]
    wrong += [str(-value)] if value else []
    return right, wrong


def fraction_variants(r, sign, a, b):
    value = Fraction(int(a), int(b)) * (-1 if sign else 1)
    n, d = value.numerator, value.denominator
    k = r.randint(2, 9)
    right = [f"{n}/{d}", f"\\dfrac{{{n}}}{{{d}}}", f"\\tfrac{{{n}}}{{{d}}}", f"\\frac{{{n * k}}}{{{d * k}}}"]
    right += [f"$\\frac{{{n}}}{{{d}}}$", f"\\frac{{{-n}}}{{{-d}}}", f"x=\\frac{{{n}}}{{{d}}}", f"{n} \\div {d}"]
    if d < 10 and 0 < n < 10:
        right += [f"\\frac{n}{d}", f"\\frac {n}{d}"]
    if n > d > 1:
        right += [f"{n // d}\\frac{{{n % d}}}{{{d}}}", f"{n // d} \\dfrac{{{n % d}}}{{{d}}}"]
    decimal = sympy.Rational(n, d)
    rest = d
    for p in (2, 5):
        while rest % p == 0:
            rest //= p
    if rest == 1:
        right += [str(sympy.Float(decimal, 15)).rstrip("0").rstrip(".")]
        if abs(value) < 1:
            right += [f"{str(sympy.Float(decimal * 100, 15)).rstrip('0').rstrip('.')}\\%"]
    wrong = [f"\\frac{{{d}}}{{{n}}}", f"\\frac{{{n + 1}}}{{{d}}}", f"\\frac{{{n}}}{{{d + 1}}}", f"{-n}/{d}", str(n)]
    wrong += [f"{float(value):.2f}" if rest != 1 else f"{float(value) + 0.01:.4f}", f"\\frac{{{n}}}{{{d}}} + 1"]
    wrong += [f"\\sqrt{{\\frac{{{abs(n)}}}{{{d}}}}}"]
    return right, wrong


def expression_variants(r, gold, value):
    right, wrong = [], []
    for form in (sympy.expand, sympy.factor, sympy.together, sympy.radsimp, sympy.nsimplify):
        try:
            right.append(sympy.latex(form(value)))
        except Exception:
            pass
    right += [f"0 + {gold}", f"\\frac{{2({gold})}}{{2}}", f"({gold})", f"({gold}) \\cdot 1", f"-(-({gold}))"]
    wrong += [f"-({gold})", f"{gold} + 1", f"2({gold})", f"({gold})^2", f"\\frac{{{gold}}}{{3}}"]
    digits = [m for m in re.finditer(r"\d+", gold)]
    for m in digits[:3]:
        wrong.append(gold[: m.start()] + str(int(m.group()) + 1) + gold[m.end():])
    for m in list(re.finditer(r"(?<=[\w} ])[+-]", gold))[:2]:
        wrong.append(gold[: m.start()] + ("-" if m.group() == "+" else "+") + gold[m.end():])
    return right, wrong


def structured_variants(gold):
    right, wrong = [], []
    bare = gold.replace("\\left", "").replace("\\right", "").strip()
    if bare[:1] in "([" and bare[-1:] in ")]" and "cup" not in bare:
        items = split_items(bare[1:-1].strip())
        inside = ", ".join(items)
        right += [f"\\left{bare[0]}{inside}\\right{bare[-1]}", f"{bare[0]} {inside.replace(', ', ' , ')} {bare[-1]}"]
        right += [f"${bare[0]}{inside}{bare[-1]}$"]
        swapped = ", ".join(reversed(items))
        if swapped != inside:
            wrong += [f"{bare[0]}{swapped}{bare[-1]}"]
        other = {"(": "[", "[": "(", ")": "]", "]": ")"}
        if len(items) == 2:
            wrong += [f"{other[bare[0]]}{inside}{bare[-1]}", f"{bare[0]}{inside}{other[bare[-1]]}"]
        wrong += [f"{bare[0]}{', '.join(items[:-1] + [items[-1] + ' + 1'])}{bare[-1]}"]
        wrong += [f"{bare[0]}{inside}, 1{bare[-1]}"]
    elif "cup" in bare:
        parts = [p.strip() for p in bare.split("\\cup")]
        right += [" \\cup ".join(reversed(parts)), "\\cup".join(parts)]
        wrong += [parts[0], " \\cup ".join(parts[:1] + ["(0,1)"]), re.sub(r"\((?=\d)", "[", bare, count=1)]
    elif "matrix" in bare:
        right += [bare.replace("pmatrix", "bmatrix"), bare.replace(" ", "").replace("\\\\", " \\\\ ")]
        right += [re.sub(r"(-?\d+)/(\d+)", r"\\frac{\1}{\2}", bare)]
        rows = re.search(r"\}(.*)\\end", bare).group(1).split("\\\\")
        wrong += ["\\begin{pmatrix}" + "\\\\".join(reversed(rows)) + "\\end{pmatrix}"]
        wrong += ["\\begin{pmatrix}" + "\\\\".join(rows[:-1]) + "\\end{pmatrix}"]
        wrong += [re.sub(r"(\d+)", lambda m: str(int(m.group()) + 1), bare, count=1)]
        wrong += ["\\begin{pmatrix}" + "&".join(rows) + "\\end{pmatrix}"] if "&" not in bare else []
    elif "," in bare and "\\{" not in bare and "\\in" not in bare and "!" not in bare and not re.match(r"^\d{1,3}(,\d{3})+$", bare):
        items = split_items(bare)
        right += [", ".join(reversed(items)), "\\{" + ",".join(items) + "\\}", " \\text{ and } ".join(items)]
        right += [", ".join(f"x={i}" for i in items)]
        wrong += [", ".join(items[:-1]), ", ".join(items + ["77"]), ", ".join([items[0] + "+1"] + items[1:])]
    elif "\\in" in bare:
        right, wrong = [bare.split("\\in")[1].strip()], [bare.replace("[", "("), bare.replace("]", ")")]
    elif "\\pm" in bare and "\\{" not in bare:
        right += [f"{bare.replace(chr(92) + 'pm', '+')}, {bare.replace(chr(92) + 'pm', '-')}", f"x = {bare}"]
        wrong += [bare.replace("\\pm", "+"), bare.replace("\\pm", "-"), bare.replace("\\pm", "\\pm 2 \\cdot")]
    elif "=" in bare:
        left, rest = [s.strip() for s in bare.split("=")]
        right += [f"{rest} = {left}", f"{left} - ({rest}) = 0", f"2({left}) = 2({rest})"]
        wrong += [f"{left} = {rest} + 1", f"{left} = -({rest}) + 2", f"{left} + 3 = {rest}"]
    return right, wrong


def text_variants(content):
    right = [content, f"\\text{{{content}}}", f"\\mathrm{{{content}}}", f"\\text{{{content}}}.", f"\\textbf{{{content}}}"]
    if len(content) == 1:
        right += [f"({content})", f"\\text{{({content})}}", f"\\text{{{content}.}}"]
        return right, ["\\text{(%s)}" % c for c in "ABCDE" if c != content]
    return right + [content.lower()], ["\\text{none}", "\\text{Smith}", "7", f"\\text{{not {content}}}"]


def variants(r, gold):
    """(right, wrong) answers; the gold itself and forms that only look different are among the right ones."""
    right = [gold, f"${gold}$", gold.replace("\\frac", "\\dfrac"), f"\\left({gold}\\right)" if "," not in gold else gold]
    right += [f"\\displaystyle {gold}", gold.replace(" ", ""), f"\\!{gold}\\,"]
    right = [t for t in right if not ("text" in gold and t == gold.replace(" ", "") != gold)]
    wrong = ["\\text{unknown}", "17.31", "z"]
    stripped = gold.replace(",\\!", "").replace("\\$", "").replace(" ", "")
    plain = re.sub(r"^(\d{1,3})((,\d{3})+)$", lambda m: m.group().replace(",", ""), stripped)
    if NUMBER.match(plain):
        more = number_variants(r, int(plain))
    elif DECIMAL.match(plain):
        value = Fraction(plain)
        more = [f"\\frac{{{value.numerator}}}{{{value.denominator}}}", plain + "0"], [plain + "1", f"-{plain}", "1" + plain]
    elif m := FRACTION.match(gold.replace(" ", "")):
        more = fraction_variants(r, *m.groups())
    elif m := TEXT.match(gold):
        more = text_variants(m.group(1))
        right = [t for t in right if "!" not in t and "left" not in t]
    else:
        more = structured_variants(gold)
        if not more[0]:
            value = symbolic(gold) if not re.search(r"text|mbox|_|circ", gold) else None
            more = expression_variants(r, gold, value) if value is not None else ([], [])
        if m := re.match(r"^(-?\d+)\^\\circ$", gold):
            more = [m.group(1), m.group(1) + "\\text{ degrees}", m.group(1) + "°"], [str(int(m.group(1)) + 1), "\\pi"]
        if m := re.match(r"^(\d+)_\{?(\d)\}?$", gold):
            n, b = m.groups()
            more = [f"{n}_{{{b}}}", n, f"{n}_{b}"], [f"{n[::-1]}1_{b}", str(int(n) + 1) + "_" + b, str(int(n, int(b)))]
    return right + list(more[0]), wrong + list(more[1])


def agrees(gold, completion):
    """The time limits only guard against hangs: the default ones make the verdict depend on the machine's load."""
    read = [parse(text, parsing_timeout=60) for text in (gold, completion)]
    return bool(verify(*read, timeout_seconds=60))


def judge(gold, answer):
    """math-verify as it is meant to be used: the answer boxed in a completion."""
    completion = answer if "\\boxed" in answer else f"The answer is $\\boxed{{{answer.strip('$')}}}$."
    return agrees(f"${gold}$", completion)


def write_variants(path, out):
    r = random.Random(SEED)
    seen, rows = set(), []
    for line in Path(path).read_text().splitlines():
        gold = json.loads(line)["answer"]
        right, wrong = variants(r, gold)
        kept = r.sample(right, min(len(right), 8)), r.sample(wrong, min(len(wrong), 6))
        for is_right, answers in ((1, kept[0]), (0, kept[1])):
            for answer in answers:
                if (gold, answer) not in seen:
                    seen.add((gold, answer))
                    rows.append([gold, answer, is_right, int(judge(gold, answer))])
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    (out / "math_variants.jsonl").write_text(text)
    print(len(rows), "pairs,", sum(row[2] != row[3] for row in rows), "where math-verify and the construction differ")


def write_gsm8k(path, out):
    differences, count = [], 0
    for line in Path(path).read_text().splitlines():
        record = json.loads(line)
        gold = record["ground_truth"].split("A:")[-1].strip()
        for model, answer in record.items():
            if not isinstance(answer, dict):
                continue
            count += 1
            verdict = agrees(gold, answer["solution"])
            if verdict != answer["is_correct"]:
                differences.append([gold, answer["solution"], int(answer["is_correct"]), int(verdict)])
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in differences)
    (out / "math_gsm8k_differences.jsonl").write_text(text)
    print(count, "solutions,", len(differences), "where math-verify and the published verdict differ")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    options = argparse.ArgumentParser()
    options.add_argument("data")
    options.add_argument("out", type=Path)
    options.add_argument("--gsm8k", action="store_true")
    args = options.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    (write_gsm8k if args.gsm8k else write_variants)(args.data, args.out)
