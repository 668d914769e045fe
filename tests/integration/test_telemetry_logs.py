"""Events as log records, from a real Kafka to a real OTLP receiver: with the promises of the spans."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tasker_consumers.telemetry.export.exporter import ExportResult, description_of
from tasker_consumers.telemetry.export.log_backends import log_exporter_of
from tasker_consumers.telemetry.export.retrying import Backoff
from tasker_consumers.telemetry.logs.log_records import log_records
from tasker_consumers.telemetry.logs.record import LogRecord, record_to_json
from tasker_consumers.telemetry.presentation.switches import EventSwitches
from tasker_schemas.errors import ConfigurationError
from tests.support.processes import LIMIT_S, eventually
from tests.support.telemetry.arena import TelemetryArena, arena, otlp_variables
from tests.support.telemetry.histories import T0, TASK, failed_order, folded, order, told
from tests.support.telemetry.otlp import Misbehaviour, OtlpReceiver, otlp
from tests.support.telemetry.wire_spans import attributes_of, record_of

__all__ = ["arena", "otlp"]

BOTH = EventSwitches(events_as_logs=True, exceptions_as_logs=True)
RECORDS = [*log_records(folded(order()), BOTH, T0), *log_records(folded(failed_order("43")), BOTH, T0)]
ON = {"TASKER_TELEMETRY_EVENTS": "logs", "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN": "logs"}


@pytest.fixture(params=["http/protobuf", "grpc"])
def environ(request: pytest.FixtureRequest, otlp: OtlpReceiver) -> dict[str, str]:
    endpoint = otlp.grpc if request.param == "grpc" else otlp.http
    return otlp_variables(endpoint, OTEL_EXPORTER_OTLP_PROTOCOL=request.param)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries that suit a test."""
    monkeypatch.setattr(Backoff, "delay", lambda _, __, asked: max(0.01, asked))


async def export(environ: dict[str, str], records: Sequence[LogRecord] = RECORDS) -> ExportResult[LogRecord]:
    exporter = log_exporter_of(environ)
    await exporter.start()
    try:
        return await asyncio.wait_for(exporter.export(records), LIMIT_S)
    finally:
        await exporter.stop()


def ids(records: Sequence[LogRecord]) -> Counter[tuple[object, str]]:
    return Counter((record.attributes["event_id"], record.event_name) for record in records)


def received(otlp: OtlpReceiver) -> list[LogRecord]:
    return [record_of(wire) for wire in list(otlp.records)]


async def test_log_records_arrive_with_everything_they_say(environ: dict[str, str], otlp: OtlpReceiver) -> None:
    assert (await export(environ)).accepted == len(RECORDS)
    assert sorted(received(otlp)) == sorted(replace(record, service="", version="") for record in RECORDS)


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_log_backend_that_is_busy_or_wrongly_set_up_is_asked_again(
    environ: dict[str, str], otlp: OtlpReceiver, status: int
) -> None:
    otlp.log_misbehaviours.extend([Misbehaviour(status=status)] * 3)
    assert (await export(environ)).accepted == len(RECORDS)
    assert ids(received(otlp)) == ids(RECORDS)


async def test_a_log_record_that_is_refused_costs_itself_alone(environ: dict[str, str], otlp: OtlpReceiver) -> None:
    refused = RECORDS[3]
    otlp.refuses_record = lambda wire: attributes_of(wire)["event_id"] == refused.attributes["event_id"]
    (rejection,) = (await export(environ)).rejections
    assert rejection.items == [refused]
    assert "this record is not for me" in rejection.reason
    assert ids(received(otlp)) == ids([record for record in RECORDS if record is not refused])


async def test_a_partial_success_counts_as_it_does_for_spans(environ: dict[str, str], otlp: OtlpReceiver) -> None:
    otlp.log_misbehaviours.append(Misbehaviour(rejected=2, words="too old"))
    result = await export(environ)
    assert (result.accepted, result.rejected, result.rejections[0].reason) == (len(RECORDS) - 2, 2, "too old")


def test_events_in_kafka_become_log_records_in_the_traces_of_their_spans(
    arena: TelemetryArena, otlp: OtlpReceiver
) -> None:
    history = [*order(prefix=arena.prefix), *failed_order("43", prefix=arena.prefix)]
    expected = len(history) + 3 + 1  # three exceptions, and the event outside of any task
    variables = otlp_variables(otlp.grpc, OTEL_EXPORTER_OTLP_PROTOCOL="grpc", **ON)
    with arena.worker(variables):
        arena.send([told("shop.opened", 1, task_id=None, prefix=arena.prefix), *history[:2]])
        assert eventually(lambda: "tasker.task.started" in {wire.event_name for wire in list(otlp.records)})
        assert not otlp.spans  # running work shows before its end
        arena.send(history[2:])
        assert eventually(lambda: len(otlp.records) >= expected)
        spans = otlp.wait_for(7)
    records = received(otlp)
    assert len(records) == expected == len(ids(records))
    traces: dict[str, set[str]] = {span.trace_id.hex(): set() for span in spans.values()}
    for span in spans.values():
        traces[span.trace_id.hex()].add(span.span_id.hex())
        assert not span.events
    inside = [record for record in records if record.event_name != "shop.opened"]
    assert all(record.span_id in traces[record.trace_id] for record in inside)
    assert {record.event_name for record in records} >= {"shop.opened", "tasker.step.exception"}


def test_offsets_wait_for_the_log_backend_and_pass_a_refused_record_only_by_the_dead_letters(
    arena: TelemetryArena, otlp: OtlpReceiver
) -> None:
    history = order(prefix=arena.prefix)
    otlp.log_misbehaviours.extend([Misbehaviour(status=503)] * 10_000)
    otlp.refuses_record = lambda wire: wire.event_name == "shop.payment_taken"
    arena.send(history)
    with arena.worker(otlp_variables(otlp.http, TASKER_TELEMETRY_EVENTS="span,logs")) as worker:
        assert eventually(lambda: len(otlp.log_misbehaviours) < 9_997)
        assert worker.get("/readyz")[0] == 503
        assert arena.offsets()[0] < len(history)
        otlp.log_misbehaviours.clear()
        (letter,) = arena.dead_letters(1)
        assert eventually(lambda: arena.offsets() == (len(history), len(history)))
    headers = dict(letter.headers() or [])
    assert (letter.key(), json.loads(letter.value() or b"")["event_name"]) == (TASK.encode(), "shop.payment_taken")
    assert headers["__streams.errors.exception"] == b"LogRecordRefused"
    assert b"this record is not for me" in headers["__streams.errors.message"]
    assert len(otlp.records) == len(history) - 1
    assert any(span.events for span in otlp.latest().values())


async def test_log_records_go_where_the_spans_go_unless_they_are_sent_elsewhere(tmp_path: Path) -> None:
    variables = {"TASKER_TELEMETRY_FILE": str(tmp_path / "spans.jsonl")}
    await export(variables)
    lines = (tmp_path / "spans.logs.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [record_to_json(record) for record in RECORDS]
    assert "otlp" in description_of(log_exporter_of({**variables, "OTEL_LOGS_EXPORTER": "otlp"}))
    assert "otlp" in description_of(log_exporter_of({"OTEL_TRACES_EXPORTER": "zipkin"}))
    assert "none" in description_of(log_exporter_of({"OTEL_LOGS_EXPORTER": "none"}))
    with pytest.raises(ConfigurationError, match="OTEL_LOGS_EXPORTER is 'loki'"):
        log_exporter_of({"OTEL_LOGS_EXPORTER": "loki"})
