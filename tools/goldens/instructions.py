#!/usr/bin/env python3
"""What IFEval's own checkers (as packed in if-verifiable 0.1.2) say about random texts. Sentence counts and words in
capitals are left out: they need NLTK's models, which hone replaces by rules; so is the language (langdetect). Writes
tests/golden/reward/ifeval.jsonl. Needs: pip install --no-deps if-verifiable==0.1.2 nltk langdetect immutabledict absl-py
six regex click joblib tqdm."""
import importlib
import json
import pathlib
import random
import sys
import sysconfig
import types

SEED, CASES = 11, 40

ROOT = pathlib.Path(sysconfig.get_paths()["purelib"]) / "if_verifiable"
for name, path in (("if_verifiable", ROOT), ("if_verifiable.ifeval", ROOT / "ifeval")):
    sys.modules[name] = types.ModuleType(name)  # without the packages' own imports (datasets)
    sys.modules[name].__path__ = [str(path)]
DICT = importlib.import_module("if_verifiable.ifeval.instructions_registry").INSTRUCTION_DICT

PIECES = ["the sun", "Moon", "moon,", "a well-known x_1", "12.5", "*bold*", "**strong**", "* item", "- item", "[name]",
          "[", "]", "<<Title>>", "<< >>", "***", "******", "\n\n", "\n", "\n\n\n", "Section 1", "Section2", "Section 3",
          "My answer is no.", "P.S. one", "p. s. two", "P.P.S three", "THE END", "The end.", '"', "'quoted'", "badly", "bad",
          "é à", "And so. ", "Then: ", "\n* \n", "** ", "*", "{\"a\": 1}", "```json", "```", "hahaha"]


def arguments(rng):
    relation = rng.choice(["at least", "less than"])
    return {
        "keywords:existence": {"keywords": rng.sample(["moon", "sun", "bad", "end"], 2)},
        "keywords:frequency": {"keyword": rng.choice(["moon", "ha", "the"]), "frequency": rng.randint(1, 3), "relation": relation},
        "keywords:forbidden_words": {"forbidden_words": rng.sample(["bad", "moon", "strong", "quoted"], 2)},
        "keywords:letter_frequency": {"letter": rng.choice("aet"), "let_frequency": rng.randint(1, 9), "let_relation": relation},
        "length_constraints:number_words": {"num_words": rng.randint(1, 14), "relation": relation},
        "length_constraints:number_paragraphs": {"num_paragraphs": rng.randint(1, 3)},
        "length_constraints:nth_paragraph_first_word": {
            "num_paragraphs": (n := rng.randint(1, 3)), "nth_paragraph": rng.randint(1, n),
            "first_word": rng.choice(["the", "moon", "and", "then"])},
        "detectable_content:number_placeholders": {"num_placeholders": rng.randint(1, 2)},
        "detectable_content:postscript": {"postscript_marker": rng.choice(["P.S.", "P.P.S"])},
        "detectable_format:number_bullet_lists": {"num_bullets": rng.randint(1, 2)},
        "detectable_format:constrained_response": {},
        "detectable_format:number_highlighted_sections": {"num_highlights": rng.randint(1, 3)},
        "detectable_format:multiple_sections": {"section_spliter": "Section", "num_sections": rng.randint(1, 2)},
        "detectable_format:json_format": {},
        "detectable_format:title": {},
        "combination:two_responses": {},
        "combination:repeat_prompt": {"prompt_to_repeat": rng.choice(["the sun", "Moon"])},
        "startend:end_checker": {"end_phrase": rng.choice(["the end.", "the end", "moon"])},
        "startend:quotation": {},
        "punctuation:no_comma": {},
    }


def main():
    rng, lines = random.Random(SEED), []
    for _ in range(CASES):
        for kind, args in arguments(rng).items():
            pieces = rng.choices(PIECES, k=rng.randint(1, 8))
            if rng.random() < 0.4 and "json" in kind:
                pieces = rng.choice([['{"a": 1}'], ["```json\n", "[1, 2]", "\n```"], ["```\n", "{}", "```"], ['{"a"}']])
            if rng.random() < 0.3 and "quotation" in kind:
                pieces = ['"', *pieces, '"']
            if rng.random() < 0.4 and ("two_resp" in kind or "number_par" in kind):
                pieces = ["one", "\n***\n" if "par" in kind else "******", rng.choice(["two", "one", " "])]
            text = rng.choice([" ", "", "\n"]).join(pieces)
            checker = DICT[kind](kind)
            checker.build_description(**args)
            want = bool(text.strip()) and bool(checker.check_following(text))
            lines.append({"type": kind, "args": args, "text": text, "want": want})
    out = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/reward/ifeval.jsonl"
    out.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


if __name__ == "__main__":
    main()
