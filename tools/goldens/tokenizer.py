#!/usr/bin/env python3
"""Goldens of the tokenizers, and the long comparison they are cut from.

Oracles: tokenizers 0.23.3, sentencepiece 0.2.3, gguf 0.19.0, Python 3.11 (whose unicodedata is Unicode 14, as PCRE2 10.42
and utf8proc 2.6 have it: newer characters are left out on purpose).

    python tools/goldens/tokenizer.py [--smollm2 PATH.gguf]  # writes tests/golden/tokenizer/ (smollm2.json only if given)
    python tools/goldens/tokenizer.py --fuzz --hone build/cpu/hone [--count 10000] [--only NAME] [--smollm2 PATH.gguf]
                                      [--spm FILE.model ...]

    python tools/goldens/tokenizer.py --tables              # prints the tables of src/text/unicode_revised.cpp

--fuzz compares `hone tokenize` with the libraries on COUNT random strings for every tokenizer below, and on every
assigned character for every normalizer and pre-tokenizer; it prints each disagreement and exits 1 if there was one.
"""
import argparse
import io
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as spm_proto
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "tokenizer"

CORPUS = """
Natalia sold 48 clips to 37 friends in April, and then she sold half as many clips in May. How many? 48/2 = 24; 48+24=72.
def add(a, b):\n    return a + b  # it's simple\n\nfor i in range(10):\n\tprint(i, i**2)\n
It's what they've said: we'll see, I'd wait, you're right. IT'S THEY'LL We're don't can't.
Der Fuß läuft über die Straße; ça coûte 1.234,50 € à l'été. El niño comió piñas. São João não dançou.
Пусть будет так: сорок восемь плюс двадцать четыре равно семьдесят два. Ёлка стоит.
今天的天气很好，我们去公园散步吧。東京は日本の首都です。ひらがなとカタカナ。오늘은 날씨가 좋네요.
مرحبا بالعالم، كيف حالك اليوم؟ ١٢٣ שלום עולם नमस्ते दुनिया สวัสดีชาวโลก გამარჯობა
<think>Let x = 3. Then 2x + 1 = 7.</think><answer>7</answer> \\frac{1}{2} \\boxed{42} $x^2$ {"key": [1, 2, 3]}
Tiếng Việt có dấu: Cửa hàng, người, đường phố. Zażółć gęślą jaźń. 👍🏽 👩‍👩‍👧 🇩🇪 🚀🚀 café naïve ﬁne Ⅳ ½ ²
the the the and and of of to in a is that it was for on are as with his they at be this from have or by one had not but
what all were when we there can an your which their said if do will each about how up out them then she many some so
""".strip("\n").split("\n")

GPT2_SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CONTRACTION = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
TAIL = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + TAIL
QWEN2 = CONTRACTION + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + TAIL
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
GPT4O = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTION}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTION}?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
DEEPSEEK_V3 = [r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
               r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"""
               r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"]
DEEPSEEK_CODER = [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", r"\p{N}"]


def isolated(*regexes):
    steps = [pre_tokenizers.Split(Regex(r), "isolated") for r in regexes]
    return pre_tokenizers.Sequence(steps + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def byte_level(pre, normalizer=None, vocab=460, bos=False, specials=GPT2_SPECIALS, extra=(), edit=None):
    tok = Tokenizer(models.BPE())
    if normalizer is not None:
        tok.normalizer = normalizer
    tok.pre_tokenizer = pre
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=vocab, special_tokens=list(specials), show_progress=False,
                                                       initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tok.add_tokens(list(extra))
    if bos:
        tok.post_processor = processors.TemplateProcessing(
            single=f"{specials[0]} $A", pair=f"{specials[0]} $A {specials[0]} $B", special_tokens=[(specials[0], 0)])
    return edited(tok, edit) if edit else tok


def edited(tok, edit):
    """Changes the JSON, for what the Python API cannot say."""
    state = json.loads(tok.to_str())
    edit(state)
    return Tokenizer.from_str(json.dumps(state))


def set_ignore_merges(state):
    # A token that no merge leads to, so that the flag matters.
    state["model"]["ignore_merges"] = True
    vocab = state["model"]["vocab"]
    for word in ("Ġquick", "hello", "ä½łå¥½"):
        vocab.setdefault(word, len(vocab))


BYTES = [f"<0x{b:02X}>" for b in range(256)]


def byte_fallback(normalizer, pre, strip=True, vocab=700, specials=("<unk>", "<s>", "</s>")):
    tok = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    if normalizer is not None:
        tok.normalizer = normalizer
    if pre is not None:
        tok.pre_tokenizer = pre
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=vocab, special_tokens=[*specials, *BYTES],
                                                       limit_alphabet=180, show_progress=False))
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    tok.decoder = decoders.Sequence(steps + ([decoders.Strip(" ", 1, 0)] if strip else []))
    tok.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])

    def bytes_are_not_added(state):
        state["added_tokens"] = [t for t in state["added_tokens"] if t["content"] not in BYTES]
    return edited(tok, bytes_are_not_added)


def unigram(normalizer, pre, decoder, fallback=False, vocab=500):
    tok = Tokenizer(models.Unigram())
    if normalizer is not None:
        tok.normalizer = normalizer
    tok.pre_tokenizer = pre
    specials = ["<unk>", "<s>", "</s>"] + (BYTES if fallback else [])
    tok.train_from_iterator(CORPUS, trainers.UnigramTrainer(vocab_size=vocab, special_tokens=specials, unk_token="<unk>",
                                                           show_progress=False))
    tok.decoder = decoder

    def finish(state):
        state["model"]["byte_fallback"] = fallback
        state["added_tokens"] = [t for t in state["added_tokens"] if t["content"] not in BYTES]
    return edited(tok, finish)


def charsmap(**options):
    """Bytes of a precompiled map, out of a tiny sentencepiece model."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=model, vocab_size=300,
                                             model_type="unigram", minloglevel=2, hard_vocab_limit=False, **options)
    proto = spm_proto.ModelProto()
    proto.ParseFromString(model.getvalue())
    return proto.normalizer_spec.precompiled_charsmap


def small_charsmap():
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        for source, target in [("ﬁ", "fi"), ("½", "1/2"), ("²", "2"), ("Ⅳ", "IV"), ("é", "e"), ("e\u0301", "e"), ("\t", " "),
                               ("，", ","), ("\u200b", " "), ("Ａ", "A"), ("が", "カ"), ("한", "han")]:
            rules.write(" ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n")
        rules.flush()
        return charsmap(normalization_rule_tsv=rules.name)


def wordpiece(lowercase, strip_accents=None):
    tok = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=24))
    tok.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=strip_accents)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tok.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=420, special_tokens=specials, show_progress=False))
    tok.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tok.decoder = decoders.WordPiece()
    return tok


def wordlevel():
    tok = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation("contiguous"),
                                                pre_tokenizers.Digits(False)])
    tok.train_from_iterator(CORPUS, trainers.WordLevelTrainer(vocab_size=200, special_tokens=["<unk>"], show_progress=False))
    return tok


def clip():
    """End-of-word suffix, unknown characters, BPEDecoder."""
    tok = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>", fuse_unk=False))
    tok.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tok.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tok.train_from_iterator(CORPUS[:4], trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], show_progress=False,
                                                           end_of_word_suffix="</w>"))
    tok.decoder = decoders.BPEDecoder("</w>")
    return tok


def subword_prefix():
    tok = Tokenizer(models.BPE(unk_token="<unk>", continuing_subword_prefix="##", fuse_unk=True))
    tok.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip()])
    tok.pre_tokenizer = pre_tokenizers.Whitespace()
    tok.train_from_iterator(CORPUS[:4], trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], show_progress=False,
                                                           continuing_subword_prefix="##"))
    tok.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    return tok


ADDED = [AddedToken("<l>", lstrip=True, normalized=False), AddedToken("<r>", rstrip=True, normalized=False),
         AddedToken("<lr>", lstrip=True, rstrip=True, special=True, normalized=False),
         AddedToken("Word", single_word=True, normalized=False), AddedToken("WORDS", single_word=True, normalized=True),
         AddedToken("Straße", normalized=True), AddedToken("<think>", normalized=False), AddedToken("</think>", normalized=False),
         AddedToken("  ", normalized=False), AddedToken("<", normalized=True), AddedToken("<|im", normalized=False)]


def tokenizers():
    no_prefix = pre_tokenizers.ByteLevel(add_prefix_space=False)
    meta = pre_tokenizers.Metaspace
    split = pre_tokenizers.Split
    yield "llama3", byte_level(isolated(LLAMA3), bos=True, edit=set_ignore_merges)
    yield "qwen2", byte_level(isolated(QWEN2), normalizers.NFC(), extra=["<think>", "</think>"])
    yield "gpt2", byte_level(no_prefix)
    yield "roberta", edited(byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True)), lambda s: s.update(
        post_processor={"type": "RobertaProcessing", "sep": ["<|im_end|>", 2], "cls": ["<|im_start|>", 1],
                        "trim_offsets": True, "add_prefix_space": True}))
    yield "smollm", byte_level(pre_tokenizers.Sequence([pre_tokenizers.Digits(True), no_prefix]))
    yield "gpt4o", byte_level(isolated(GPT4O))
    yield "deepseek_v3", byte_level(isolated(*DEEPSEEK_V3))
    yield "deepseek_coder", byte_level(isolated(*DEEPSEEK_CODER))
    yield "added", byte_level(no_prefix, normalizers.Lowercase(), extra=ADDED)
    spaces = normalizers.Replace(" ", "▁")
    yield "llama2", byte_fallback(normalizers.Sequence([normalizers.Prepend("▁"), spaces]), None)
    yield "gemma", byte_fallback(spaces, split(" ", "merged_with_previous"), strip=False)
    yield "metaspace_first", byte_fallback(None, meta(prepend_scheme="first", split=False))
    yield "metaspace_never", byte_fallback(None, meta(prepend_scheme="never", split=True), strip=False)
    yield "unigram", unigram(normalizers.Sequence([normalizers.Precompiled(small_charsmap()),
                                                   normalizers.Replace(Regex(" {2,}"), " ")]), meta(), decoders.Metaspace())
    yield "unigram_bytes", unigram(normalizers.NFKC(), meta(prepend_scheme="first"),
                                   decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()]), fallback=True)
    yield "bert_uncased", wordpiece(True)
    yield "bert_cased", wordpiece(False)
    yield "wordlevel", wordlevel()
    yield "clip", clip()
    yield "subword_prefix", subword_prefix()


# -- every character through every normalizer and pre-tokenizer --------------------------------------------------------

def probe(normalizer=None, pre=None):
    """Ids spell out the bytes of the normalised text; a pre-tokenizer's cuts show as marks put in front of words."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tok = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    if normalizer is not None:
        tok.normalizer = normalizer
    steps = [pre] if pre is not None else []
    steps += [pre_tokenizers.Metaspace(replacement="\x01", prepend_scheme="always", split=False)] if pre is not None else []
    tok.pre_tokenizer = pre_tokenizers.Sequence(steps + [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return tok


def probes():
    n, p = normalizers, pre_tokenizers
    for name, normalizer in [("nfc", n.NFC()), ("nfd", n.NFD()), ("nfkc", n.NFKC()), ("nfkd", n.NFKD()), ("lower", n.Lowercase()),
                             ("strip", n.Strip()), ("strip_accents", n.StripAccents()), ("nmt", n.Nmt()),
                             ("bert", n.BertNormalizer()), ("bert_clean", n.BertNormalizer(lowercase=False)),
                             ("charsmap", n.Precompiled(charsmap(normalization_rule_name="nmt_nfkc"))),
                             ("byte_level", n.ByteLevel()),
                             ("replace", n.Replace(Regex(r"\w+"), "x")), ("prepend", n.Prepend("é"))]:
        yield f"normalizer:{name}", probe(normalizer=normalizer)
    for name, pre in [("whitespace", p.Whitespace()), ("whitespace_split", p.WhitespaceSplit()), ("digits", p.Digits(False)),
                      ("digit", p.Digits(True)), ("bert", p.BertPreTokenizer()), ("chars", p.CharDelimiterSplit("a")),
                      ("fixed", p.FixedLength(3)), ("gpt2", p.ByteLevel(add_prefix_space=False)),
                      *[(f"punctuation_{b}", p.Punctuation(b)) for b in ("isolated", "removed", "contiguous")],
                      *[(f"split_{b}", p.Split(Regex(r"\s|\d"), b)) for b in
                        ("isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous")],
                      *[(f"invert_{b}", p.Split(Regex(r"\w+"), b, invert=True)) for b in
                        ("isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous")],
                      ("words", p.Split(Regex(r"\b"), "isolated")), ("empty", p.Split(Regex(r"x*"), "isolated")),
                      ("cased", p.Split(Regex(r"\p{Lu}+|\p{Ll}+|\p{M}+|\p{Sc}"), "isolated")),
                      ("scripts", p.Split(Regex(r"\p{Han}+|\p{Hiragana}+|\p{Arabic}+|\p{Latin}+"), "isolated")),
                      ("lines", p.Split(Regex(r"^.*$"), "isolated")), ("hex", p.Split(Regex(r"\h+|\u0041"), "isolated")),
                      ("dotall", p.Split(Regex(r"(?m:a.b)|(?i)str(?=.)"), "isolated")),
                      ("llama3", p.Split(Regex(LLAMA3), "isolated")), ("gpt4o", p.Split(Regex(GPT4O), "isolated")),
                      ("metaspace_first", p.Metaspace(prepend_scheme="first"))]:
        yield f"pre_tokenizer:{name}", probe(pre=pre)


def every_character():
    chars = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cs", "Cn", "Co")]
    return [("a{}b 1{}" * 32).format(*(c for ch in chars[i:i + 32] for c in (ch, ch))) for i in range(0, len(chars) - 32, 32)]


# -- random strings ----------------------------------------------------------------------------------------------------

ASSIGNED = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cs", "Cn", "Co")]
RANGES = {"latin": (0xC0, 0x24F), "greek": (0x370, 0x3FF), "cyrillic": (0x400, 0x4FF), "hebrew": (0x590, 0x5FF),
          "arabic": (0x600, 0x6FF), "devanagari": (0x900, 0x97F), "thai": (0xE00, 0xE5B), "hangul_jamo": (0x1100, 0x11FF),
          "latin_more": (0x1E00, 0x1EFF), "punctuation": (0x2000, 0x206F), "letterlike": (0x2100, 0x218B), "kana": (0x3040, 0x30FF),
          "cjk": (0x4E00, 0x9FFF), "hangul": (0xAC00, 0xD7A3), "forms": (0xFB00, 0xFB4F), "wide": (0xFF00, 0xFFEF),
          "math": (0x1D400, 0x1D7FF), "emoji": (0x1F300, 0x1F64F), "cjk_compat": (0xF900, 0xFAFF), "marks": (0x300, 0x36F)}
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\u0085", "\u200b", "\v", "\f"]
EMOJI = ["👩‍👩‍👧‍👦", "👍🏽", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "☺", "1️⃣", "👨🏿‍🚀"]
WORDS = sorted({w for line in CORPUS for w in line.split()})
SPECIALS = [*GPT2_SPECIALS, "<unk>", "<s>", "</s>", "[CLS]", "[SEP]", "[UNK]", "[MASK]", "<l>", "<r>", "<lr>", "Word", "words", "WORDS",
            "STRASSE", "straße", "Straße", "<think>", "</think>", "<0x0A>", "<|im", "▁", "##a", "</w>", "Ġ", "quick", "hello", "你好"]


def random_text(rng):
    def piece():
        kind = rng.randrange(16)
        if kind < 3:
            return rng.choice(WORDS)
        if kind < 5:
            return rng.choice(SPACES) * rng.choice([1, 1, 1, 2, 5])
        if kind == 5:
            return rng.choice(SPECIALS)
        if kind == 6:
            return "".join(rng.choice("0123456789") for _ in range(rng.randint(1, 8)))
        if kind == 7:
            return "".join(rng.choice("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~") for _ in range(rng.randint(1, 5)))
        if kind == 8:
            return rng.choice(EMOJI)
        if kind == 9:
            return rng.choice("aeiouAcnsy") + "".join(chr(rng.randint(0x300, 0x345)) for _ in range(rng.randint(1, 3)))
        if kind == 10:
            return rng.choice(["'s", "'T", "'Re", "'LL", "n't", "'ſ", "'\u212a"])
        if kind == 11:
            return chr(rng.randrange(0, 0xA0))
        if kind == 12:
            return rng.choice(ASSIGNED)
        low, high = RANGES[rng.choice(list(RANGES))]
        letters = (chr(rng.randint(low, high)) for _ in range(rng.randint(1, 6)))
        return "".join(c for c in letters if unicodedata.category(c) not in ("Cn", "Co", "Cs"))
    text = ""
    for _ in range(rng.randint(0, 14)):
        text += piece() + (" " if rng.random() < 0.4 else "")
    return text


def random_texts(count, seed):
    rng = random.Random(seed)
    return [random_text(rng) for _ in range(count)]


def expected(tok, texts):
    rows = []
    for text in texts:
        ids = tok.encode(text).ids
        rows.append({"ids": ids, "decoded": tok.decode(ids, skip_special_tokens=False), "decoded_skip": tok.decode(ids)})
    return rows


# -- goldens -----------------------------------------------------------------------------------------------------------

EDGES = ["", " ", "  ", "\n", "a", " a", "a ", "\u0000", "\ufeff", "\u200d", "▁", "▁▁a", "<s>", "<s> a", " <s>a</s> b", "é", "e\u0301",
         "ﬁ ½ ² Ⅳ", "İstanbul ǅ ẞ ς", "I'll IT'S we'Re", "x" * 40, "a\r\n\r\n  b\t\tc ", "12345678 ١٢٣ ⅷ", "<|im_start|>user\nhi<|im_end|>\n",
         "a <l> b <r>  c <lr>  d Word Words aWord Word. WORDS words xwords", "the quick hello 你好 quickly", "한국어 が か\u3099"]


def spm_model():
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS), model_writer=model, vocab_size=700, model_type="bpe", byte_fallback=True,
        character_coverage=0.98, normalization_rule_name="identity", remove_extra_whitespaces=False, split_digits=True,
        minloglevel=2, hard_vocab_limit=False, user_defined_symbols=["<think>"], num_threads=1)
    return model.getvalue()


def spm_rows(processor, texts):
    rows = []
    for text in texts:
        ids = processor.encode(text)
        rows.append({"ids": ids, "decoded": processor.decode(ids)})
    return rows


def write_json(name, value):
    (OUT / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def spm_pieces(model):
    proto = spm_proto.ModelProto()
    proto.ParseFromString(model)
    return [[p.piece, p.score, p.type] for p in proto.pieces]


def write_goldens(smollm2):
    OUT.mkdir(parents=True, exist_ok=True)
    texts = EDGES + random_texts(240, seed=7)
    write_json("texts.json", texts)
    for name, tok in tokenizers():
        rows = expected(tok, texts)
        for row, text in zip(rows, texts):
            if row["decoded"] == text:
                del row["decoded"]
            if row["decoded_skip"] == row.get("decoded", text):
                del row["decoded_skip"]
        write_json(f"{name}.json", {"tokenizer": json.loads(tok.to_str()), "rows": rows})
    model = spm_model()
    (OUT / "bpe.model").write_bytes(model)
    plain = [t for t in texts if not any(s in t for s in ("<s>", "</s>", "<unk>"))]
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    write_json("spm.json", {"texts": plain, "rows": spm_rows(processor, plain), "pieces": spm_pieces(model)})
    if smollm2:
        write_json("smollm2.json", {"rows": [{"ids": row["ids"]} for row in expected(smollm2_reference(smollm2), texts)]})


# -- the long comparison -----------------------------------------------------------------------------------------------

def run_hone(hone, model, texts, special=True):
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in.jsonl"), pathlib.Path(folder, "out.jsonl")
        source.write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
        command = [hone, "tokenize", "--model", str(model), "--in", str(source), "--out", str(target)]
        subprocess.run(command + ([] if special else ["--no-special"]), check=True)
        return [json.loads(line) for line in target.read_text().split("\n") if line]


def compare(name, texts, wanted, got):
    bad = 0
    for text, want, have in zip(texts, wanted, got):
        for key in set(want) & set(have):
            if want[key] != have[key]:
                bad += 1
                if bad <= 4:
                    print(f"  {name}: {key} differ on {text!r}\n    want {want[key]!r}\n    got  {have[key]!r}")
                break
    print(f"{name}: {len(texts)} strings, {bad} differ", flush=True)
    return bad + (len(got) != len(texts))


def smollm2_reference(path):
    """SmolLM2's tokenizer.json as published, rebuilt from the vocabulary in the GGUF file."""
    import gguf
    reader = gguf.GGUFReader(path)
    field = lambda key: reader.fields["tokenizer.ggml." + key].contents()
    tokens, types = field("tokens"), field("token_type")
    tok = Tokenizer(models.BPE(vocab={t: i for i, t in enumerate(tokens)}, merges=[tuple(m.split(" ")) for m in field("merges")]))
    tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tok.decoder = decoders.ByteLevel()
    tok.add_special_tokens([AddedToken(t, normalized=False, special=True) for t, kind in zip(tokens, types) if kind == 3])
    return tok


def fuzz(args):
    bad = 0
    texts = EDGES + random_texts(args.count - len(EDGES), seed=args.seed)
    chosen = lambda name: not args.only or args.only in name
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "tokenizer.json")
        for name, tok in tokenizers():
            if chosen(name):
                path.write_text(tok.to_str())
                bad += compare(name, texts, expected(tok, texts), run_hone(args.hone, path, texts))
        characters = every_character()
        for name, tok in probes():
            if chosen(name):
                path.write_text(tok.to_str())
                bad += compare(name, characters, [{"ids": tok.encode(t).ids} for t in characters], run_hone(args.hone, path, characters))
    for model in args.spm:
        if chosen(model):
            processor = sentencepiece.SentencePieceProcessor(model_file=model)
            control = [processor.id_to_piece(i) for i in range(processor.vocab_size()) if processor.is_control(i) or processor.is_unknown(i)]
            plain = [t for t in texts if not any(c in t for c in control)]
            bad += compare(model, plain, spm_rows(processor, plain), run_hone(args.hone, model, plain, special=False))
    if args.smollm2 and chosen("smollm2"):
        reference = smollm2_reference(args.smollm2)
        rows = expected(reference, texts)
        bad += compare("smollm2 (tokenizers)", texts, rows, run_hone(args.hone, args.smollm2, texts))
        from transformers import AutoTokenizer
        auto = AutoTokenizer.from_pretrained(str(pathlib.Path(args.smollm2).parent), gguf_file=pathlib.Path(args.smollm2).name)
        # Its reader knows no `smollm` and leaves out the digit split that the model was trained with.
        auto.backend_tokenizer.pre_tokenizer = reference.pre_tokenizer
        rows = [{"ids": auto(t)["input_ids"]} for t in texts]
        bad += compare("smollm2 (transformers from GGUF)", texts, rows, run_hone(args.hone, args.smollm2, texts))
    return bad


def print_tables():
    """Characters that the library's category tests class otherwise than Unicode 14, as ranges."""
    def ranges(name, differs):
        found = []
        for c in (ord(c) for c in chars if differs(c)):
            if found and found[-1][1] == c - 1:
                found[-1][1] = c
            else:
                found.append([c, c])
        print(f"{name}:", ", ".join(f"{{0x{a:X}, 0x{b:X}}}" for a, b in found))

    chars = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    category, n = unicodedata.category, normalizers
    bert = dict(handle_chinese_chars=False, lowercase=False)
    accents, nfd, punctuation = n.BertNormalizer(clean_text=False, strip_accents=True, **bert), n.NFD(), pre_tokenizers.Punctuation()
    clean = n.BertNormalizer(clean_text=True, strip_accents=False, **bert)
    drops = lambda normalizer, c: normalizer.normalize_str("x" + c) == "x"
    ranges("mark", lambda c: drops(n.StripAccents(), c) != (category(c)[0] == "M"))
    ranges("nonspacing_mark", lambda c: len(nfd.normalize_str(c)) == 1 and drops(accents, c) != (category(c) == "Mn"))
    ranges("other", lambda c: c not in "\t\n\r\ufffd" and drops(clean, c) != (category(c) in ("Cc", "Cf", "Co")))
    ranges("punctuation", lambda c: (len(punctuation.pre_tokenize_str("x" + c)) == 2) != (category(c)[0] == "P" or c in "$+<=>^`|~"))
    ranges("undecomposed", lambda c: category(c) != "Cn" and n.NFKD().normalize_str(c) != unicodedata.normalize("NFKD", c))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fuzz", action="store_true")
    parser.add_argument("--tables", action="store_true")
    parser.add_argument("--hone", help="the program to compare")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="part of a tokenizer's name")
    parser.add_argument("--smollm2")
    parser.add_argument("--spm", nargs="*", default=[])
    arguments = parser.parse_args()
    if arguments.fuzz:
        sys.exit(fuzz(arguments) > 0)
    print_tables() if arguments.tables else write_goldens(arguments.smollm2)
