#!/usr/bin/env python3
"""TensorBoard goldens and a reader's check.

    python tools/goldens/report.py                writes tests/golden/report/events.json
    python tools/goldens/report.py --check RUN    reads RUN with TensorBoard and compares it with RUN/metrics.jsonl

Made with tensorboard 2.21 and its bundled protocol buffers. The golden holds records as TensorBoard's own record writer
frames them, in hex. --check goes through EventFileLoader and EventAccumulator, which is what TensorBoard's pages read.
"""
import argparse
import collections
import io
import json
import math
import pathlib
import sys

import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.summary.writer.record_writer import RecordWriter

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/report/events.json"


def scalars(time, step, values):
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values])
    return Event(wall_time=time, step=step, summary=summary)


def text(time, step, tag, content):
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
    tensor = TensorProto(dtype="DT_STRING", tensor_shape=shape, string_val=[content.encode()])
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    return Event(wall_time=time, step=step, summary=Summary(value=[Summary.Value(tag=tag, tensor=tensor, metadata=metadata)]))


def record(event):
    out = io.BytesIO()
    RecordWriter(out).write(event.SerializeToString(deterministic=True))
    return out.getvalue().hex()


def write_golden():
    values = [("rl/reward", 0.53125), ("rl/kl", 1e-9), ("rl/loss", -0.0), ("rl/nan", math.nan), ("rl/num_tokens", 1e9)]
    prompt = "    2 + 3 = ?\n    <think>\u4e94</think>"
    golden = {
        "tensorboard": tensorboard.__version__,
        "version": record(Event(wall_time=1.5, file_version="brain.Event:2")),
        "scalars": record(scalars(1764561234.125, 300, values)),
        "step_zero": record(scalars(0.25, 0, values[:1])),
        "text": record(text(7.0, 12, "rl/samples", prompt)),
        "long_text": record(text(7.0, 1 << 40, "rl/samples", "x" * 1000)),
        "restart": record(Event(wall_time=9.0, step=13, session_log=SessionLog(status=SessionLog.START))),
    }
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"{GOLDEN}: {GOLDEN.stat().st_size} bytes")


def check(run):
    expected = collections.defaultdict(dict)
    for line in (run / "metrics.jsonl").read_text().splitlines():
        point = json.loads(line)
        for name, value in point.items():
            if name not in ("stage", "step", "time"):
                expected[f"{point['stage']}/{name}"][point["step"]] = value
    events = sum(1 for file in sorted(run.glob("events.out.tfevents.*")) for _ in EventFileLoader(str(file)).Load())
    loaded = EventAccumulator(str(run), size_guidance={"scalars": 0, "tensors": 0})
    loaded.Reload()
    scalar_tags = set(loaded.Tags()["scalars"])
    texts = [tag for tag in loaded.Tags()["tensors"] if loaded.SummaryMetadata(tag).plugin_data.plugin_name == "text"]
    if scalar_tags != set(expected):
        sys.exit(f"tags differ: {sorted(scalar_tags ^ set(expected))}")
    points = 0
    for tag, by_step in expected.items():
        seen = {event.step: event.value for event in loaded.Scalars(tag)}
        if len(seen) != len(loaded.Scalars(tag)) or set(seen) != set(by_step):
            sys.exit(f"{tag}: steps differ: {sorted(set(seen) ^ set(by_step))}, or one is there twice")
        for step, value in by_step.items():
            if value is None or abs(value) > 3.4e38:  # events hold single precision
                close = not math.isfinite(seen[step])
            else:
                close = math.isclose(seen[step], value, rel_tol=1e-6, abs_tol=1e-38)
            if not close:
                sys.exit(f"{tag} at step {step}: metrics.jsonl has {value}, TensorBoard read {seen[step]}")
            points += 1
    print(f"{run}: {events} events, {len(scalar_tags)} tags, {points} points equal, {len(texts)} text panels")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", type=pathlib.Path, metavar="RUN")
    arguments = parser.parse_args()
    check(arguments.check) if arguments.check else write_golden()
