"""The telemetry group end to end: events on a real Kafka in, spans at a real OTLP receiver out."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tasker_consumers.telemetry.export.exporter import Rejection
from tasker_consumers.telemetry.export.refused_items import SPANS, RefusedItems
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Span, span_to_json
from tasker_schemas.topics import dead_letter_topic
from tests.support.processes import eventually
from tests.support.telemetry.arena import TelemetryArena, arena, otlp_variables
from tests.support.telemetry.histories import TASK, Told, failed_order, large_order, order, told
from tests.support.telemetry.otlp import Misbehaviour, OtlpReceiver, otlp
from tests.support.telemetry.wire_spans import attributes_of

__all__ = ["arena", "otlp"]


def shape(span: Span) -> tuple[object, ...]:
    return span.name, span.trace_id, span.parent_span_id or "", span.start, span.end, span.attributes


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_events_in_kafka_become_the_expected_trace_at_the_backend(
    arena: TelemetryArena, otlp: OtlpReceiver, protocol: str
) -> None:
    history = [*order(prefix=arena.prefix)]
    endpoint = otlp.grpc if protocol == "grpc" else otlp.http
    environ = otlp_variables(endpoint, OTEL_EXPORTER_OTLP_PROTOCOL=protocol, OTEL_EXPORTER_OTLP_COMPRESSION="gzip")
    arena.send(history)
    with arena.worker(environ):
        found = otlp.wait_for(6)
    assert {
        (s.name, s.trace_id.hex(), s.parent_span_id.hex(), s.start_time_unix_nano, s.end_time_unix_nano): attributes_of(
            s
        )
        for s in found.values()
    } == {shape(span)[:-1]: span.attributes for span in spans_of(history)}


def test_poison_of_each_kind_goes_to_the_dead_letters_and_the_rest_goes_on(
    arena: TelemetryArena, otlp: OtlpReceiver
) -> None:
    good = order(prefix=arena.prefix)
    first = good[0]
    assert first.value is not None
    poison = {
        "null_key": first._replace(key=None),
        "null_value": first._replace(value=None),
        "bad_magic": first._replace(value=b"no avro"),
        "unknown_schema": first._replace(value=b"\xc3\x01" + b"\x07" * 8 + b"abc"),
        "foreign_schema": first._replace(value=told("step.handle", 1, step_id="a").value),
        "truncated": first._replace(value=first.value[:-3]),
        "trailing_bytes": first._replace(value=first.value + b"!"),
        "too_large": first._replace(value=b"\x00" * 1_048_577),
        "invalid_event": first._replace(key=b"another"),
    }
    sent: list[Told] = [record for record in poison.values() if len(record.value or b"") < 1_000_000]
    arena.send([*sent, *good])
    with arena.worker(otlp_variables(otlp.http)):
        assert len(otlp.wait_for(6)) == 6
        letters = arena.dead_letters(len(sent))
    reasons = {dict(letter.headers() or [])["__streams.errors.message"].decode().split(":")[0] for letter in letters}
    assert reasons == {*poison} - {"too_large"}


def test_a_file_of_json_lines_holds_every_span_and_no_event_outside_of_a_task(
    arena: TelemetryArena, tmp_path: Path
) -> None:
    spans = tmp_path / "spans.jsonl"
    history = failed_order(prefix=arena.prefix)
    arena.send([told("shop.opened", 1, task_id=None, prefix=arena.prefix), *history])
    with arena.worker({"TASKER_TELEMETRY_FILE": str(spans)}):
        assert eventually(lambda: spans.exists() and len(spans.read_text().splitlines()) >= 3)
    found = [json.loads(line) for line in spans.read_text().splitlines()]
    expected = {span.span_id: span_to_json(span) for span in spans_of(history)}
    assert {span["span_id"]: span for span in found} == expected


def test_a_refused_span_goes_to_the_dead_letters_with_the_backends_words(
    arena: TelemetryArena, otlp: OtlpReceiver
) -> None:
    history = order(prefix=arena.prefix)
    refused = spans_of(history)[2]
    otlp.refuses = lambda span: span.span_id.hex() == refused.span_id
    arena.send(history)
    with arena.worker(otlp_variables(otlp.http)):
        assert len(otlp.wait_for(5)) == 5
        (letter,) = arena.dead_letters(1)
    headers = dict(letter.headers() or [])
    assert (letter.key(), json.loads(letter.value() or b"")["span_id"]) == (TASK.encode(), refused.span_id)
    assert b"this span is not for me" in headers["__streams.errors.message"]


def test_a_partial_success_leaves_a_dead_letter_that_names_the_spans_in_question(
    arena: TelemetryArena, otlp: OtlpReceiver
) -> None:
    history = order(prefix=arena.prefix)
    otlp.misbehaviours.append(Misbehaviour(rejected=2, words="too old"))
    arena.send(history)
    with arena.worker(otlp_variables(otlp.http)):
        (letter,) = arena.dead_letters(1)
    told = json.loads(letter.value() or b"")
    lost = {span.span_id for span in spans_of(history)} - otlp.latest().keys()
    assert (told["rejected"], dict(letter.headers() or [])["__streams.errors.message"]) == (2, b"too old")
    assert lost <= {span["span_id"] for span in told["among"]}


async def test_a_refused_span_that_kafka_would_not_take_is_put_aside_without_what_makes_it_large(
    arena: TelemetryArena,
) -> None:
    huge = replace(spans_of(order())[0], attributes={"task_id": TASK, "report": "x" * 3_000_000})
    dead = RefusedItems({"bootstrap.servers": arena.bootstrap}, dead_letter_topic("telemetry", arena.prefix), SPANS)
    await dead.put([Rejection(1, "too large", [huge])])
    (letter,) = arena.dead_letters(1)
    told = json.loads(letter.value() or b"")
    assert (told["span_id"], told["attributes"], told["truncated"]) == (huge.span_id, {"task_id": TASK}, True)


def test_two_backends_have_their_own_progress_so_that_one_that_is_down_stops_only_itself(
    arena: TelemetryArena, otlp: OtlpReceiver, tmp_path: Path
) -> None:
    spans = tmp_path / "spans.jsonl"
    away = otlp_variables("http://127.0.0.1:9", TASKER_TELEMETRY_GROUP="telemetry-away")
    arena.send(order(prefix=arena.prefix))
    with arena.worker(away, "away"), arena.worker({"TASKER_TELEMETRY_FILE": str(spans)}, "file"):
        assert eventually(lambda: spans.exists() and len(spans.read_text().splitlines()) == 6)
    back = otlp_variables(otlp.http, TASKER_TELEMETRY_GROUP="telemetry-away")
    with arena.worker(back, "back"):
        assert len(otlp.wait_for(6)) == 6


def test_a_span_that_waits_for_late_events_is_exported_when_its_grace_is_over(
    arena: TelemetryArena, otlp: OtlpReceiver
) -> None:
    with arena.worker(otlp_variables(otlp.http, TASKER_TELEMETRY_GRACE_S="2"), sweep_interval=3600.0) as worker:
        worker.wait_ready()
        began = time.monotonic()
        arena.send(order(prefix=arena.prefix))
        assert len(otlp.wait_for(6)) == 6
    assert time.monotonic() - began >= 2  # and no sweep looks within an hour


def test_a_task_of_many_steps_arrives_whole(arena: TelemetryArena, otlp: OtlpReceiver) -> None:
    history = [record._replace(topic=record.topic.replace("tasker", arena.prefix, 1)) for record in large_order(1200)]
    expected = {span.span_id: span.parent_span_id or "" for span in spans_of(large_order(1200))}
    arena.send(history)
    with arena.worker(otlp_variables(otlp.http)):
        found = otlp.wait_for(len(expected), 90)
        assert eventually(lambda: arena.offsets() == (len(history), len(history)))
    assert {span_id: span.parent_span_id.hex() for span_id, span in found.items()} == expected
    assert attributes_of(found[spans_of(large_order(1))[0].span_id])["completed_steps"] == 1200
