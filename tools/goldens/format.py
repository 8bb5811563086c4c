#!/usr/bin/env python3
"""Goldens of the model-file readers and writers: tests/golden/format/.

Oracles: gguf 0.19.0, safetensors 0.8.0, torch 2.11.0, numpy 2.4.6, xxhash 4.1.0, Python 3.11.
    python tools/goldens/format.py [--smollm2 PATH.gguf]
Without --smollm2 the checksums of that model (smollm2.json) are left as they are. Output is the same on every run.
"""
import argparse
import base64
import itertools
import json
import pathlib
import random
import signal
import struct
import tempfile
import time

import gguf
import numpy as np
import safetensors
import torch
import xxhash
from gguf import GGMLQuantizationType as G
from safetensors.numpy import save as save_safetensors

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "format"

BLOCK_TYPES = [G.Q4_0, G.Q4_1, G.Q5_0, G.Q5_1, G.Q8_0, G.Q2_K, G.Q3_K, G.Q4_K, G.Q5_K, G.Q6_K, G.IQ4_NL, G.IQ4_XS,
               G.MXFP4]
# Byte offsets of the fp16 scales in a block.
SCALE_OFFSETS = {G.Q4_0: [0], G.Q4_1: [0, 2], G.Q5_0: [0], G.Q5_1: [0, 2], G.Q8_0: [0], G.Q2_K: [80, 82], G.Q3_K: [108],
                 G.Q4_K: [0, 2], G.Q5_K: [0, 2], G.Q6_K: [208], G.IQ4_NL: [0], G.IQ4_XS: [0], G.MXFP4: []}
# Zero, denormals, the largest finite, infinities, quiet and signalling NaNs.
EXTREME_HALVES = [0x0000, 0x8000, 0x0001, 0x8001, 0x03FF, 0x0400, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00, 0xFE01, 0x7D01]


def write_json(name, value):
    (OUT / name).write_text(json.dumps(value, indent=0, ensure_ascii=True) + "\n")
    print(f"{name}: {(OUT / name).stat().st_size} bytes")


def write_bytes(name, data):
    (OUT / name).write_bytes(data)
    print(f"{name}: {len(data)} bytes")


def fp32_hash(values):
    """XXH3-64 of the values as fp32, row-major."""
    return f"{xxhash.xxh3_64_intdigest(np.ascontiguousarray(values, dtype=np.float32).tobytes()):016x}"


# ---- dequantisation and narrow floats ----


def random_blocks(rng, qtype):
    block_size, type_size = gguf.GGML_QUANT_SIZES[qtype]
    small = block_size == 32
    blocks = rng.integers(0, 256, (48 if small else 20, type_size), dtype=np.uint8)  # any bytes: wild scales, NaNs too
    usual = rng.integers(0, 256, (32 if small else 8, type_size), dtype=np.uint8)
    for offset in SCALE_OFFSETS[qtype]:
        usual[:, offset:offset + 2] = rng.normal(0, 0.02, (len(usual), 1)).astype(np.float16).view(np.uint8)
    extreme = []
    for values in itertools.product(EXTREME_HALVES, repeat=len(SCALE_OFFSETS[qtype])):
        block = rng.integers(0, 256, type_size, dtype=np.uint8)
        for offset, value in zip(SCALE_OFFSETS[qtype], values):
            block[offset:offset + 2] = np.frombuffer(struct.pack("<H", value), np.uint8)
        extreme.append(block)
    if not small and len(extreme) > 40:
        extreme = [extreme[i] for i in rng.permutation(len(extreme))[:40]]
    if qtype == G.MXFP4:
        extreme = [np.concatenate([[e], rng.integers(0, 256, 16, dtype=np.uint8)]).astype(np.uint8)
                   for e in (0, 1, 2, 3, 253, 254, 255)]
    return np.concatenate([blocks, usual, np.stack(extreme)])


def dequantization():
    rng = np.random.default_rng(1)
    tensors = {}
    for qtype in BLOCK_TYPES:
        blocks = random_blocks(rng, qtype)
        with np.errstate(all="ignore"):
            values = gguf.dequantize(blocks, qtype)
        tensors[f"{qtype.name}.blocks"] = blocks
        tensors[f"{qtype.name}.values"] = values.astype(np.float32)
    write_bytes("dequantize.safetensors", save_safetensors(tensors))


def narrow_floats():
    """Plain types: every code of the 8-bit floats and of fp16, and a set of fp32 values rounded to fp16 and bf16."""
    tensors = {}
    codes = torch.arange(256, dtype=torch.uint8)
    for name, dtype in [("F8_E4M3", torch.float8_e4m3fn), ("F8_E5M2", torch.float8_e5m2),
                        ("F8_E4M3FNUZ", torch.float8_e4m3fnuz), ("F8_E5M2FNUZ", torch.float8_e5m2fnuz),
                        ("F8_E8M0", torch.float8_e8m0fnu)]:
        tensors[f"{name}.values"] = codes.view(dtype).float().numpy()
    all_halves = np.arange(65536, dtype=np.uint16)
    with np.errstate(all="ignore"):
        tensors["F16.hash"] = np.array([int(fp32_hash(all_halves.view(np.float16)), 16)], np.uint64)

    rng = np.random.default_rng(2)
    bits = [rng.integers(0, 1 << 32, 6000, dtype=np.uint64)]  # anything
    for shift in (13, 16):  # ties of fp16 and bf16 and their neighbours, every exponent
        exponents = np.repeat(np.arange(256, dtype=np.uint64) << 23, 6)
        mantissas = rng.integers(0, 1 << (23 - shift), len(exponents), dtype=np.uint64) << shift
        ties = exponents | mantissas | (1 << (shift - 1))
        bits += [ties, ties - 1, ties + 1]
    around = np.array([65504, 65519.996, 65520, 65536, 2**-14, 2**-24, 2**-25, 2**-26, 1.5 * 2**-24, 3.4028235e38],
                      np.float32).view(np.uint32).astype(np.uint64)
    bits += [around, around + 1, around - 1, np.array([0, 0x7F800000, 0x7F800001, 0x7FC00000, 0x7FFFFFFF], np.uint64)]
    bits = np.concatenate(bits).astype(np.uint32)
    bits = np.unique(np.concatenate([bits, bits ^ np.uint32(0x80000000)]))
    values = bits.view(np.float32)
    with np.errstate(all="ignore"):
        tensors["half.f32"], tensors["half.f16"] = values, values.astype(np.float16)
    tensors["half.bf16"] = gguf.quantize(values.reshape(1, -1), G.BF16).view(np.uint16).reshape(-1)
    own = torch.from_numpy(values).bfloat16().view(torch.int16).numpy().view(np.uint16)
    finite = ~np.isnan(values)
    assert (own[finite] == tensors["half.bf16"][finite]).all(), "torch and gguf round to bf16 alike"

    doubles = np.concatenate([rng.integers(0, 1 << 63, 500, dtype=np.uint64).view(np.float64),
                              rng.normal(size=500) * 2.0 ** rng.integers(-160, 140, 500),
                              [0.0, -0.0, np.inf, -np.inf, 1e-46, 2.0**-149, 2.0**-150, 1.5 * 2.0**-149]])
    with np.errstate(all="ignore"):
        tensors["F64.in"], tensors["F64.values"] = doubles, doubles.astype(np.float32)
    for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64):
        info = np.iinfo(dtype)
        whole = rng.integers(info.min, info.max, 200, dtype=dtype, endpoint=True)
        name = ("U" if info.min == 0 else "I") + str(info.bits)
        tensors[f"{name}.in"] = np.concatenate([whole, np.array([info.min, info.max], dtype)])
        tensors[f"{name}.values"] = tensors[f"{name}.in"].astype(np.float32)
    write_bytes("narrow.safetensors", save_safetensors(tensors))


# ---- safetensors ----


def frame(header, data=b""):
    header = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(header)) + header + data


def entry(dtype="U8", shape=(1,), offsets=(0, 1), **more):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets), **more}


def safetensors_accepts(data):
    try:
        safetensors.deserialize(data)
        return True
    except safetensors.SafetensorError:
        return False


def named_safetensors_cases():
    one = json.dumps({"a": entry()})
    raw = lambda fields: '{"a":{%s}}' % fields
    nested = lambda depth: raw('"dtype":"U8","shape":[1],"data_offsets":[0,1],"z":' + "[" * depth + "]" * depth)
    two = lambda a, b: json.dumps({"a": entry(offsets=a, shape=(a[1] - a[0],)), "b": entry(offsets=b, shape=(b[1] - b[0],))})
    yield "valid", frame(one, b"x")
    yield "no tensors", frame("{}")
    yield "padded with spaces", frame(one + "     ", b"x")
    yield "padded with white space", frame(one + "\n\t \r", b"x")
    yield "padded with NUL", frame(one + "\0", b"x")
    yield "NUL, then garbage", frame(one + "\0}}garbage", b"x")
    yield "empty file", b""
    yield "seven bytes", b"\x02\0\0\0\0\0\0"
    yield "header too large", struct.pack("<Q", 100_000_001) + b"{}"
    yield "header length of all ones", b"\xff" * 8 + b"{}"
    yield "header past the end", struct.pack("<Q", 60) + b"{}"
    yield "header of length zero", frame("")
    yield "not UTF-8", frame(b'{"\xff":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "surrogate in UTF-8", frame(b'{"\xed\xa0\x80":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "not JSON", frame("{")
    yield "an array", frame("[]")
    yield "a string", frame('"a"')
    yield "byte order mark", frame("\ufeff{}")
    yield "text after the object", frame("{}x")
    yield "trailing comma", frame(one[:-1] + ",}", b"x")
    yield "comment", frame("{/**/}")
    yield "NaN", frame(raw('"dtype":"U8","shape":[1],"data_offsets":[0,1],"z":NaN'), b"x")
    yield "number out of range", frame(raw('"dtype":"U8","shape":[1],"data_offsets":[0,1],"z":1e999'), b"x")
    yield "lone surrogate in a name", frame('{"\\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "surrogate pair in a name", frame('{"\\ud83d\\ude00":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "NUL in a name", frame('{"\\u0000":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "control character in a name", frame(b'{"\x01":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "empty name", frame('{"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "nested 127 deep", frame(nested(125), b"x")
    yield "nested 128 deep", frame(nested(126), b"x")
    yield "nested 9000 deep", frame(nested(9000), b"x")
    yield "unknown field", frame(json.dumps({"a": entry(z=[{"b": [1, {}, -2.5, None, True]}])}), b"x")
    yield "field twice", frame(raw('"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]'), b"x")
    for field in ("dtype", "shape", "data_offsets"):
        yield f"no {field}", frame(json.dumps({"a": {k: v for k, v in entry().items() if k != field}}), b"x")
        yield f"null {field}", frame(json.dumps({"a": entry(**{}) | {field: None}}), b"x")
        yield f"object as {field}", frame(json.dumps({"a": entry() | {field: {}}}), b"x")
        yield f"number as {field}", frame(json.dumps({"a": entry() | {field: 1}}), b"x")
        yield f"nested array as {field}", frame(json.dumps({"a": entry() | {field: [[1], [2]]}}), b"x")
    for dtype in ("F8", "f32", "C128", "F32 ", "", "Q4_0"):
        yield f"dtype {dtype!r}", frame(json.dumps({"a": entry(dtype=dtype)}), b"x")
    for name, bits in [("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8), ("F8_E5M2", 8),
                       ("F8_E4M3", 8), ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8), ("I16", 16), ("U16", 16),
                       ("F16", 16), ("BF16", 16), ("I32", 32), ("U32", 32), ("F32", 32), ("C64", 64), ("F64", 64),
                       ("I64", 64), ("U64", 64)]:
        yield f"{name} of 8", frame(json.dumps({"a": entry(name, (2, 4), (0, bits))}), b"x" * bits)
        yield f"{name} one byte short", frame(json.dumps({"a": entry(name, (2, 4), (0, bits - 1))}), b"x" * (bits - 1))
    yield "F4 of odd count", frame(json.dumps({"a": entry("F4", (3,), (0, 2))}), b"xx")
    yield "F6 of 2", frame(json.dumps({"a": entry("F6_E2M3", (2,), (0, 2))}), b"xx")
    yield "scalar", frame(json.dumps({"a": entry("F32", (), (0, 4))}), b"xxxx")
    yield "zero-size tensor", frame(json.dumps({"a": entry("F32", (2, 0), (0, 0))}))
    yield "zero-size tensors at both ends", frame(
        json.dumps({"c": entry("F32", (0,), (1, 1)), "a": entry(), "b": entry("F32", (0, 4), (0, 0))}), b"x")
    yield "zero-size tensor in the middle of another", frame(
        json.dumps({"a": entry(shape=(2,), offsets=(0, 2)), "b": entry("F32", (0,), (1, 1))}), b"xx")
    for text in ("[1.0]", "[-1]", "[-0]", "[1e0]", '["1"]', "[true]", "[null]", "[18446744073709551616]"):
        yield f"shape {text}", frame(raw(f'"dtype":"U8","shape":{text},"data_offsets":[0,1]'), b"x")
    for text in ("[0]", "[0,1,2]", "[]", "[0,1.0]", "[-0,1]", '["0",1]', "[1,0]", "[0,18446744073709551615]",
                 "[18446744073709551615,0]", "[0,18446744073709551616]", "[0,2]", "[1,2]"):
        yield f"data_offsets {text}", frame(raw(f'"dtype":"U8","shape":[1],"data_offsets":{text}'), b"x")
    yield "element count overflows", frame(json.dumps({"a": entry("F32", (2**32, 2**32), (0, 4))}), b"xxxx")
    yield "byte count overflows", frame(json.dumps({"a": entry("F32", (2**62,), (0, 4))}), b"xxxx")
    yield "byte count wraps to the size", frame(json.dumps({"a": entry("F32", (2**62 + 1,), (0, 4))}), b"xxxx")
    yield "overflow before a zero", frame(json.dumps({"a": entry("U8", (2**63 - 1, 4, 0), (0, 0))}))
    yield "overflow after a zero", frame(json.dumps({"a": entry("U8", (0, 2**63 - 1, 4), (0, 0))}))
    yield "dtype and offsets disagree", frame(json.dumps({"a": entry("F32", (1,), (0, 1))}), b"x")
    yield "two tensors", frame(two((0, 1), (1, 2)), b"xy")
    yield "two tensors, listed backwards", frame(two((1, 2), (0, 1)), b"xy")
    yield "hole between tensors", frame(two((0, 1), (2, 3)), b"x.y")
    yield "hole before the first", frame(two((1, 2), (2, 3)), b".xy")
    yield "overlap", frame(two((0, 2), (1, 3)), b"xyz")
    yield "the same bytes twice", frame(two((0, 1), (0, 1)), b"x")
    yield "bytes after the last", frame(one, b"xy")
    yield "polyglot tail", frame(one, b"xPK\x05\x06" + b"\0" * 18)
    yield "data cut off", frame(one, b"")
    yield "no tensors but data", frame("{}", b"x")
    yield "metadata", frame('{"__metadata__":{"format":"pt","k":""}}')
    yield "metadata null", frame('{"__metadata__":null}')
    yield "metadata with a number", frame('{"__metadata__":{"a":1}}')
    yield "metadata with null", frame('{"__metadata__":{"a":null}}')
    yield "metadata with an object", frame('{"__metadata__":{"a":{}}}')
    yield "metadata a string", frame('{"__metadata__":"pt"}')
    yield "metadata an array", frame('{"__metadata__":[]}')
    yield "metadata twice", frame('{"__metadata__":{},"__metadata__":{}}')
    yield "tensor is null", frame('{"a":null}')
    yield "tensor is a number", frame('{"a":7}')
    # The reference lets these through although the format's text forbids them; hone refuses.
    yield "strict: leading white space", frame(" " + one, b"x")
    yield "strict: tensor twice", frame('{"a":%s,"a":%s}' % ((json.dumps(entry()),) * 2), b"x")
    yield "strict: metadata key twice", frame('{"__metadata__":{"a":"b","a":"c"}}')
    yield "strict: tensor as an array", frame('{"a":["U8",[1],[0,1]]}', b"x")
    yield "strict: dtype as an object", frame(raw('"dtype":{"U8":null},"shape":[1],"data_offsets":[0,1]'), b"x")
    yield "strict: dimension of 64 bits", frame(json.dumps({"a": entry("U8", (0, 2**64 - 1), (0, 0))}))


def break_the_format_text(data):
    """Whether a mutated file is one of those that the reference accepts against the format's text."""
    header = data[8:8 + struct.unpack("<Q", data[:8])[0]]
    if not header.startswith(b"{"):
        return True
    repeated = False

    def pairs(items):
        nonlocal repeated
        repeated |= len({k for k, _ in items}) != len(items)
        return dict(items)

    json.loads(header, object_pairs_hook=pairs)
    return repeated


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        at = rng.randrange(len(data))
        kind = rng.randrange(5)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.choice(b'"{}[]:,0123456789-.eE\\\x00\xff tfn')
        elif kind == 2:
            del data[at:at + rng.randrange(1, 5)]
        elif kind == 3:
            data[at:at] = data[at:at + rng.randrange(1, 9)]
        else:
            data[at:at + 1] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 4)))
    return bytes(data)


def random_layout(rng):
    """A few tensors that tile the data; in half of the files one number is then off."""
    sizes = {"F4": 0.5, "U8": 1, "F8_E4M3": 1, "BF16": 2, "F32": 4, "I64": 8}
    tensors, position = {}, 0
    for name in rng.sample("abcdefgh", rng.randrange(1, 5)):
        dtype = rng.choice(list(sizes))
        shape = [rng.choice([0, 1, 2, 2, 4]) for _ in range(rng.randrange(1, 4))]
        if dtype == "F4":
            shape[-1] *= 2
        size = int(np.prod(shape) * sizes[dtype])
        tensors[name] = {"dtype": dtype, "shape": shape, "data_offsets": [position, position + size]}
        position += size
    if rng.random() < 0.5:
        broken = rng.choice(list(tensors.values()))
        numbers = broken[rng.choice(["shape", "data_offsets"])]
        numbers[rng.randrange(len(numbers))] = rng.choice([0, 1, 2, 3, 5, 8, 16, 2**31, 2**62])
    items = list(tensors.items())
    rng.shuffle(items)
    return frame(json.dumps(dict(items), separators=(",", ":")), bytes(position))


def safetensors_cases():
    cases = []
    for name, data in named_safetensors_cases():
        accepts = safetensors_accepts(data)
        assert accepts or not name.startswith("strict"), name
        cases.append({"name": name, "bytes": base64.b64encode(data).decode(),
                      "accept": accepts and not name.startswith("strict")})
    rng = random.Random(3)
    seed = json.dumps({"__metadata__": {"f": "pt"}, "a": entry("F16", (2,), (0, 4)), "b": entry("U8", (3,), (4, 7))},
                      separators=(",", ":"))
    mutated = set()
    while len(mutated) < 1600:
        data = mutate(rng, seed.encode())
        data = frame(data, b"1234567"[:rng.choice([7, 7, 7, 7, 6])])
        accepts = safetensors_accepts(data)
        if data in mutated or (accepts and break_the_format_text(data)):
            continue
        mutated.add(data)
        cases.append({"name": f"mutation {len(mutated)}", "bytes": base64.b64encode(data).decode(), "accept": accepts})
    for i in range(400):
        data = random_layout(rng)
        cases.append({"name": f"layout {i}", "bytes": base64.b64encode(data).decode(),
                      "accept": safetensors_accepts(data)})
    print(f"safetensors cases: {len(cases)}, of which {sum(c['accept'] for c in cases)} are accepted")
    return cases


def python_safetensors():
    """A file as the reference writes it; hone's writer must produce the same bytes."""
    rng = np.random.default_rng(4)
    tensors = {
        "w.f32": rng.normal(size=(3, 5)).astype(np.float32), "w.f16": rng.normal(size=(7,)).astype(np.float16),
        "a.f64": rng.normal(size=(2, 1, 2)), "ids": rng.integers(-9, 9, (4,)), "bytes": np.arange(5, dtype=np.uint8),
        "scalar": np.array(2.5, np.float32), "empty": np.zeros((0, 4), np.float32), "flags": np.array([True, False]),
        "na\u00efve \"quoted\"\n\u2713": np.ones((1,), np.int16), "z.u32": np.arange(3, dtype=np.uint32),
    }
    write_bytes("python.safetensors", save_safetensors(tensors, metadata={"format": "pt"}))


# ---- GGUF ----


def tiny_gguf(path):
    rng = np.random.default_rng(5)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint8("k.u8", 200), writer.add_int8("k.i8", -100), writer.add_uint16("k.u16", 60000)
    writer.add_int16("k.i16", -30000), writer.add_uint32("k.u32", 4000000000), writer.add_int32("k.i32", -2000000000)
    writer.add_uint64("k.u64", 2**63 - 1), writer.add_int64("k.i64", -2**63), writer.add_float32("k.f32", 0.1)
    writer.add_float64("k.f64", 0.1), writer.add_bool("k.true", True), writer.add_bool("k.false", False)
    writer.add_string("k.string", "na\u00efve \u2713\n"), writer.add_string("k.empty", "")
    writer.add_key_value("k.u64.big", 2**64 - 1, gguf.GGUFValueType.UINT64)
    writer.add_array("k.strings", ["a", "", "\u2713", "long " * 9]), writer.add_array("k.ints", [1, -2, 3])
    writer.add_array("k.floats", [0.5, -1.25]), writer.add_array("k.bools", [True, False])
    for dtype in (np.float32, np.float16, np.float64, np.int8, np.int16, np.int32, np.int64):
        writer.add_tensor(f"t.{np.dtype(dtype).name}", (rng.normal(size=(2, 3)) * 50).astype(dtype))
    writer.add_tensor("t.bfloat16", rng.integers(0, 256, (3, 8), dtype=np.uint8), raw_dtype=G.BF16)
    for qtype in BLOCK_TYPES:
        block_size, type_size = gguf.GGML_QUANT_SIZES[qtype]
        rows = 2 if block_size == 32 else 1
        blocks = rng.integers(0, 256, (rows, type_size * 1), dtype=np.uint8)
        for offset in SCALE_OFFSETS[qtype]:
            blocks[:, offset:offset + 2] = np.float16(0.01).reshape(1).view(np.uint8)
        writer.add_tensor(f"t.{qtype.name}", blocks, raw_dtype=qtype)
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file(), writer.close()


def describe_gguf(path):
    reader = gguf.GGUFReader(path)
    fields = {}
    for name, field in reader.fields.items():
        if not name.startswith("GGUF."):
            value = field.contents()
            fields[name] = {"type": [t.name.lower() for t in field.types], "value": value}
    tensors = []
    for t in reader.tensors:
        data = np.asarray(t.data)
        values = gguf.dequantize(data, t.tensor_type) if data.dtype == np.uint8 else data.astype(np.float32)
        tensors.append({"name": t.name, "type": t.tensor_type.name, "shape": [int(d) for d in reversed(t.shape)],
                        "hash": fp32_hash(values)})
    return {"fields": fields, "tensors": tensors}


def g_string(text):
    text = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(text)) + text


def g_key(key, type_number, value):
    return g_string(key) + struct.pack("<i", type_number) + value


def g_tensor(name, dims, type_number, offset):
    return g_string(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, type_number, offset)


def g_file(keys=(), tensors=(), data=b"", version=3, magic=b"GGUF", num_keys=None, num_tensors=None, align=32):
    head = magic + struct.pack("<IQQ", version, len(tensors) if num_tensors is None else num_tensors,
                               len(keys) if num_keys is None else num_keys) + b"".join(keys) + b"".join(tensors)
    return head + b"\0" * (-len(head) % align) + data if tensors or data else head


U32 = lambda v: struct.pack("<I", v)
U64 = lambda v: struct.pack("<Q", v)


def named_gguf_cases():
    """(name, accept, bytes); accept is what hone must do, held against the reader's verdict below."""
    key = g_key("k", 4, U32(7))
    tensor = g_tensor("t", [4], 0, 0)
    data = b"\0" * 16
    array = lambda item_type, count, items=b"": g_key("k", 9, struct.pack("<iQ", item_type, count) + items)
    yield "valid", True, g_file([key], [tensor], data)
    yield "version 2", True, g_file([key], [tensor], data, version=2)
    yield "vocabulary only", True, g_file([key, g_key("s", 8, g_string("x"))])
    yield "nothing at all", True, g_file()
    yield "empty file", False, b""
    yield "magic only", False, b"GGUF"
    yield "other magic", False, g_file(magic=b"GGML")
    yield "version 0", False, g_file(version=0)
    yield "version 1", False, g_file(version=1)
    yield "version 4", False, g_file(version=4)
    yield "big endian", False, g_file(version=3 << 24)
    yield "tensor count too large", False, g_file([key], [tensor], data, num_tensors=2**63)
    yield "tensor count one too large", False, g_file([key], [tensor], b"", num_tensors=2)
    yield "key count too large", False, g_file([key], num_keys=2**64 - 1)
    yield "key count one too large", False, g_file([key], num_keys=2)
    yield "key length too large", False, g_file([U64(2**64 - 1) + b"k" + U32(4) + U32(7)])
    yield "key not UTF-8", False, g_file([g_key(b"\xff", 4, U32(7))])
    yield "key twice", False, g_file([key, key])
    yield "key without value", False, g_file([g_string("k") + U32(4)])
    yield "string length too large", False, g_file([g_key("k", 8, U64(2**62) + b"abc")])
    yield "string cut off", False, g_file([g_key("k", 8, U64(4) + b"abc")])
    for number in (-1, 13, 2**31 - 1):
        yield f"value type {number}", False, g_file([g_key("k", number, U64(0) + U64(0))])
        yield f"array item type {number}", False, g_file([array(number, 1, U64(0))])
    yield "array", True, g_file([array(4, 2, U32(1) + U32(2))])
    yield "empty array", True, g_file([array(8, 0)])
    yield "array too long", False, g_file([array(4, 3, U32(1) + U32(2))])
    yield "array length of all ones", False, g_file([array(0, 2**64 - 1, b"x")])
    yield "array size wraps", False, g_file([array(4, 2**62 + 1, U32(1))])
    yield "array of strings too long", False, g_file([array(8, 2**60, g_string("x"))])
    yield "array of strings with a long string", False, g_file([array(8, 2, g_string("x") + U64(2**60))])
    yield "array of arrays", False, g_file([array(9, 1, struct.pack("<iQ", 4, 1) + U32(1))])
    yield "alignment 64", True, g_file([g_key("general.alignment", 4, U32(64))], [tensor], data, align=64)
    yield "alignment 0", False, g_file([g_key("general.alignment", 4, U32(0))], [tensor], data)
    yield "alignment 33", False, g_file([g_key("general.alignment", 4, U32(33))], [tensor], data)
    yield "alignment of another type", False, g_file([g_key("general.alignment", 10, U64(32))], [tensor], data)
    yield "alignment of 2^31", False, g_file([g_key("general.alignment", 4, U32(2**31))], [tensor], data)
    yield "tensor twice", False, g_file([], [tensor, tensor], data)
    yield "tensor name not UTF-8", False, g_file([], [g_tensor(b"\xff", [4], 0, 0)], data)
    yield "five dimensions", False, g_file([], [g_tensor("t", [1] * 5, 0, 0)], data)
    yield "dimension count of all ones", False, g_file([], [g_string("t") + U32(2**32 - 1)], data)
    yield "scalar tensor", True, g_file([], [g_tensor("t", [], 0, 0)], data)
    yield "empty tensor", True, g_file([], [g_tensor("t", [0, 4], 0, 0)], data)
    yield "negative dimension", False, g_file([], [g_tensor("t", [2**64 - 1], 0, 0)], data)
    yield "element count overflows", False, g_file([], [g_tensor("t", [2**32, 2**32], 0, 0)], data)
    yield "byte count overflows", False, g_file([], [g_tensor("t", [2**62 + 4], 0, 0)], data)
    for number in (4, 5, 31, 36, 42, 2**32 - 1):
        yield f"tensor type {number}", False, g_file([], [g_tensor("t", [4], number, 0)], data)
    yield "rows that do not fill blocks", False, g_file([], [g_tensor("t", [16, 2], 2, 0)], b"\0" * 18)
    yield "offset not aligned", False, g_file([], [g_tensor("t", [4], 0, 8)], b"\0" * 24)
    yield "offset past the end", False, g_file([], [g_tensor("t", [4], 0, 64)], data)
    yield "offset of all ones", False, g_file([], [g_tensor("t", [4], 0, 2**64 - 32)], data)
    yield "data cut off", False, g_file([], [tensor], data[:-1])
    yield "no data section", False, g_file([], [tensor]).rstrip(b"\0")
    yield "two tensors", True, g_file([], [tensor, g_tensor("u", [4], 0, 32)], data + b"\0" * 32)
    yield "overlap", False, g_file([], [g_tensor("t", [12], 0, 0), g_tensor("u", [4], 0, 32)], b"\0" * 48)
    yield "the same bytes twice", False, g_file([], [tensor, g_tensor("u", [4], 0, 0)], data)
    yield "part of a split model", False, g_file([g_key("split.count", 2, struct.pack("<H", 3))], [tensor], data)
    yield "split into one", True, g_file([g_key("split.count", 2, struct.pack("<H", 1))], [tensor], data)


class Timeout(BaseException):
    pass


def gguf_reader_accepts(path, data):
    """The reader loops for hours over some array lengths; two seconds count as a refusal."""
    path.write_bytes(data)

    def stop(*_):
        raise Timeout

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(2)
    try:
        with np.errstate(all="ignore"):
            gguf.GGUFReader(path)
        return True
    except (Exception, Timeout):
        return False
    finally:
        signal.alarm(0)


def gguf_cases():
    cases = []
    scratch = pathlib.Path(tempfile.mkdtemp()) / "case.gguf"
    for name, accept, data in named_gguf_cases():
        reader = gguf_reader_accepts(scratch, data)
        assert reader or not accept, f"{name}: the reader refuses it"
        cases.append({"name": name, "bytes": base64.b64encode(data).decode(), "accept": accept, "reader": reader})
    rng = random.Random(6)
    seed = g_file([g_key("k", 4, U32(7)), g_key("s", 8, g_string("text")),
                   g_key("a", 9, struct.pack("<iQ", 5, 3) + b"\1\0\0\0" * 3)],
                  [g_tensor("t", [4, 2], 0, 0), g_tensor("q", [32], 2, 32)], b"\0" * 50)
    mutated = set()
    while len(mutated) < 600:
        data = mutate(rng, seed)
        if data in mutated:
            continue
        mutated.add(data)
        cases.append({"name": f"mutation {len(mutated)}", "bytes": base64.b64encode(data).decode(),
                      "reader": gguf_reader_accepts(scratch, data)})
    print(f"GGUF cases: {len(cases)}, of which the reader accepts {sum(c['reader'] for c in cases)}")
    return cases


def smollm2(path):
    start = time.time()
    tensors, count = [], 0
    for t in gguf.GGUFReader(path).tensors:
        values = gguf.dequantize(np.asarray(t.data), t.tensor_type).astype(np.float32, copy=False)
        count += values.size
        tensors.append({"name": t.name, "type": t.tensor_type.name, "shape": [int(d) for d in reversed(t.shape)],
                        "hash": fp32_hash(values)})
    write_json("smollm2.json", {"elements": count, "tensors": tensors})
    print(f"SmolLM2: {count} elements of {len(tensors)} tensors dequantised by gguf in {time.time() - start:.1f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smollm2", type=pathlib.Path)
    args = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    dequantization()
    narrow_floats()
    python_safetensors()
    write_json("safetensors_cases.json", safetensors_cases())
    tiny_gguf(OUT / "tiny.gguf")
    write_json("tiny_gguf.json", describe_gguf(OUT / "tiny.gguf"))
    write_json("gguf_cases.json", gguf_cases())
    if args.smollm2:
        smollm2(args.smollm2)


if __name__ == "__main__":
    main()
