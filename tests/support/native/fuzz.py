"""Feeds native modules with damaged bytes and values: python -m tests.support.native.fuzz PART ROUNDS SEED."""

from __future__ import annotations

import importlib.util
import json
import os
import struct
import sys
from collections import defaultdict
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from random import Random
from typing import Any

REFUSED = (ValueError, IndexError, struct.error, KeyError, TypeError, OverflowError, AttributeError, MemoryError)
# Varints at the ends of 32 and 64 bits, positive and negative, and one that never ends.
EXTREMES = [
    bytes.fromhex(text)
    for text in ("feffffff0f", "ffffffff0f", "fe" + "ff" * 8 + "01", "ff" * 9 + "01", "ff" * 10, "01")
]


def load(name: str) -> Any:
    """Return the sanitized form of a native module."""
    path = str(Path(os.environ["SANITIZED_MODULES"]) / f"{name}.so")
    spec = importlib.util.spec_from_loader(name, ExtensionFileLoader(name, path))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def damaged(value: bytes, random: Random) -> bytes:
    """Return bytes with one to four pieces changed, taken away, repeated or replaced by an extreme number."""
    data = bytearray(value)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        piece = data[at : at + random.randint(1, 8)]
        replacement = random.choice(
            [random.randbytes(len(piece)), b"", bytes(piece) * 2, random.choice(EXTREMES), b"\xff" * len(piece)]
        )
        data[at : at + len(piece)] = replacement
    return bytes(data[: random.randrange(len(data) + 1)] if random.random() < 0.3 else data)


def odd_values(record: Any, random: Random) -> Any:
    """Return a record with some values replaced by values of other types and sizes."""
    choices = [None, True, -1, 2**31, 2**63, -(2**63) - 1, 1.5, "", "x" * 300, "\ud800", b"b", [], [None], {}, {"k": 1}]
    changed = dict(record)
    for name in random.sample(sorted(changed), random.randint(1, 3)):
        if random.random() < 0.2:
            del changed[name]
        else:
            changed[name] = random.choice(choices)
    return changed


def fuzz_reader(rounds: int, random: Random) -> int:
    """Read damaged records of every version, whole and by chosen fields; return how many could be read."""
    make_reader = load("tasker_schemas.avro._reader_c").NativeReader
    from tests.support.schemas.golden_examples import golden_examples  # noqa: PLC0415  after the sanitized module

    cases = []
    for golden in golden_examples():
        fields = [field["name"] for field in golden.schema.declared["fields"]]
        readers = [make_reader(golden.schema.plain), make_reader(golden.schema.plain, frozenset(fields[::2]))]
        cases += [(reader, golden.single_object_file.read_bytes()[10:]) for reader in readers]
    readable = 0
    for number in range(rounds):
        read, body = cases[number % len(cases)]
        try:
            read(damaged(body, random), random.choice([0, 0, 0, 1, len(body), len(body) + 9]))
            readable += 1
        except REFUSED:
            pass
    return readable


def fuzz_projection(rounds: int, random: Random) -> int:
    """Project damaged records of every version of an event on half of their fields; return how many it answered for."""
    make_projection = load("tasker_schemas.avro._projection_c").NativeProjection
    from tasker_schemas.avro.versions import RECORD_OF_FAMILY  # noqa: PLC0415  after the sanitized module
    from tasker_schemas.event_check import projection_on  # noqa: PLC0415
    from tests.support.schemas.golden_examples import golden_examples  # noqa: PLC0415

    families = {record: family for family, record in RECORD_OF_FAMILY.items()}
    cases = []
    for golden in golden_examples():
        if golden.schema.record in families:
            fields = [field["name"] for field in golden.schema.declared["fields"]]
            for chosen in (fields[::2], fields[1::2]):
                projection = projection_on(frozenset(chosen), families[golden.schema.record])
                native = make_projection(golden.schema.plain, projection.fields, projection.limits, {})
                cases.append((native.read, golden.single_object_file.read_bytes()[10:]))
    answered = 0
    for number in range(rounds):
        read, body = cases[number % len(cases)]
        position = random.choice([0, 0, 0, 1, len(body), len(body) + 9])
        answered += read(damaged(body, random), position) is not None
    return answered


def fuzz_writer(rounds: int, random: Random) -> int:
    """Write records of statistics with odd values; return how many could be written."""
    make_writer = load("tasker_schemas.avro._writer_c").NativeWriter
    from tests.support.schemas.golden_examples import golden_examples  # noqa: PLC0415  after the sanitized module

    cases = [
        (make_writer(golden.schema.plain), json.loads(golden.expected_file.read_text()))
        for golden in golden_examples()
        if golden.schema.record in ("TaskStats", "StatsWindow")
    ]
    written = 0
    for number in range(rounds):
        write, record = cases[number % len(cases)]
        try:
            write(odd_values(record, random), random.randbytes(random.choice([0, 5, 10])))
            written += 1
        except REFUSED:
            pass
    return written


def fuzz_batches(rounds: int, random: Random) -> int:
    """Read damaged batches, and all that their records hold; return how many could be read."""
    unpack = load("tasker_consumers.engine.faust._record_batches_c").unpack
    payload, readable, touched = three_records(), 0, 0
    for _ in range(rounds):
        try:
            for record in unpack("t", 0, damaged(payload, random), 0, 0, -1, random.choice([3, 3, 3, 0, 1, 2**31 - 1])):
                touched += len(record.key or b"") + len(record.value or b"") + len(list(record.headers))
                touched += len(record.headers.among(("traceparent", "empty")))
            readable += 1
        except REFUSED:
            pass
    return readable


def fuzz_filter(rounds: int, random: Random) -> int:
    """Look for keys and headers in damaged batches; return how many could be read."""
    make_filter = load("tasker_consumers.replay.reading._record_filter_c").RecordFilter
    verdicts = {b"x" * 55: True, b"": False}
    filters = [
        make_filter(b"key", [(b"empty", b"")], []),
        make_filter(None, [], [(b"traceparent", defaultdict(bool, verdicts)), (b"none", {})]),
    ]
    payload, readable = three_records(), 0
    for number in range(rounds):
        try:
            filters[number % 2].positions(damaged(payload, random), random.choice([3, 3, 3, 0, 1, 2**31 - 1]))
            readable += 1
        except REFUSED:
            pass
    return readable


def fuzz_attributes(rounds: int, random: Random) -> int:
    """Write attributes with odd values; return how many could be written."""
    write = load("tasker_consumers.telemetry.export._protobuf_c").native_attributes
    usual = {
        "task": "42",
        "é" * 70: "é" * 70,
        "price": 1.5,
        "paid": True,
        "amount": -7,
        "parts": ["a", "x" * 300, 2**40],
    }
    written = 0
    for _ in range(rounds):
        try:
            write(random.choice([b"\x4a", b"\x82\x01", b""]), odd_values(usual, random))
            written += 1
        except REFUSED:
            pass
    return written


def fuzz_spans(rounds: int, random: Random) -> int:
    """Write spans with odd values; return how many could be written."""
    write = load("tasker_consumers.telemetry.export.otlp._encoder_c").native_span
    from tasker_consumers.telemetry.spans.span import Link, Span, SpanEvent  # noqa: PLC0415  after the sanitized module

    trace_id, span_id = "a" * 32, "b" * 16
    attributes: dict[str, Any] = {"é" * 70: "é" * 700, "parts": ["a", "x" * 300]}
    usual = {
        "trace_id": trace_id,
        "span_id": span_id,
        "parent_span_id": span_id,
        "tracestate": "t=1",
        "flags": 1,
        "name": "n",
        "start": 1,
        "end": 2,
        "status": "OK",
        "message": "m" * 3000,
        "service": "",
        "attributes": attributes,
        "events": [SpanEvent(1, "e" * 150, attributes)],
        "links": [Link(trace_id, span_id, attributes)],
    }
    written = 0
    for _ in range(rounds):
        try:
            write(Span(**odd_values(usual, random)))
            written += 1
        except REFUSED:
            pass
    return written


def fuzz_contexts(rounds: int, random: Random) -> int:
    """Read damaged contexts; return how many could be read."""
    read = load("tasker_consumers.telemetry.core._contexts_c").NativeContexts(tuple)
    span, readable = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01", 0
    for _ in range(rounds):
        try:
            read(damaged(span, random), random.choice([None, span, damaged(span, random)]))
            readable += 1
        except REFUSED:
            pass
    return readable


def three_records() -> bytes:
    """Return the records of a batch, without its head."""
    from aiokafka.record.default_records import DefaultRecordBatchBuilder  # noqa: PLC0415  not for every part

    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
    for number in range(3):
        headers = [("traceparent", b"x" * 55), ("empty", b""), ("none", None)]
        builder.append(number, 1_700_000_000_000, b"key", b"value" * 20 * number or None, headers)
    return bytes(builder.build())[61:]


if __name__ == "__main__":
    PARTS = {
        "reader": fuzz_reader,
        "projection": fuzz_projection,
        "writer": fuzz_writer,
        "batches": fuzz_batches,
        "filter": fuzz_filter,
        "attributes": fuzz_attributes,
        "spans": fuzz_spans,
        "contexts": fuzz_contexts,
    }
    print(PARTS[sys.argv[1]](int(sys.argv[2]), Random(int(sys.argv[3]))))  # noqa: T201  the program's result
