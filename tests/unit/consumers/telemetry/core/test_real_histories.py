"""Real executions (a scale of 4 takes all) as spans: what the files say, and what OpenTelemetry asks for."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tasker_consumers.telemetry.export.otlp.encoder import OtlpEncoder
from tasker_consumers.telemetry.export.sanitize import SpanSanitizer
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import ERROR, OK, Span
from tests.support.importers import oracles
from tests.support.importers.real_records import FOLDERS, paths_of, records_of
from tests.support.scale import part_of
from tests.support.telemetry.histories import Told
from tests.support.telemetry.span_rules import broken_rules, broken_rules_on_the_wire, broken_trees_on_the_wire

STATUS = {"complete": OK, "error": ERROR}
TASK, STEP = "tasker.task.started", "tasker.step.processing"


class History(NamedTuple):
    """One real file: its records as a producer sends them, and their spans."""

    path: Path
    records: list[Told]
    spans: list[Span]

    def named(self, name: str) -> list[Span]:
        """Return the spans of one kind."""
        return [span for span in self.spans if span.name == name]


@cache
def histories(folder: str) -> list[History]:
    return [
        History(path, records, spans_of(records))
        for path in part_of(paths_of(folder), 4)
        for records in [records_of(folder, path)]
    ]


def exported(spans: Iterable[Span]) -> Iterator[ExportTraceServiceRequest]:
    """The requests that a backend gets, as it reads them."""
    sanitizer = SpanSanitizer.from_env({})
    sanitized = [sanitizer.sanitize(span) for span in spans]
    for body, _ in OtlpEncoder({}, "1").requests(sanitized):
        yield ExportTraceServiceRequest.FromString(body)


def seconds(span: Span) -> float:
    return (span.end - span.start) / 1e9


def test_a_wfcommons_instance_is_a_root_a_span_for_each_of_its_tasks_and_an_end() -> None:
    for history in histories("wfinstances"):
        expected = oracles.of_wfcommons(oracles.content(history.path))
        (root,) = history.named(TASK)
        attempts = history.named(STEP)
        assert (len(history.spans), len(attempts)) == (expected.steps + 2, expected.steps), history.path
        assert {span.status for span in history.spans} == {OK}
        assert seconds(root) == pytest.approx(float(expected.duration_s or 0), abs=2e-6)
        assert {span.parent_span_id for span in attempts} == {root.span_id}


def test_a_temporal_history_has_the_attempts_failures_and_the_end_that_its_file_tells() -> None:
    for history in histories("temporal-histories"):
        document = oracles.content(history.path)
        (told,) = document if isinstance(document, list) else [document]
        expected = oracles.of_temporal(told["events"])
        (root,) = history.named(TASK)
        statuses = Counter(span.attributes["status"] for span in history.named(STEP))
        assert (statuses["complete"], statuses["error"], statuses["cancelled"]) == (
            expected.completed, expected.failed, expected.cancelled,
        ), history.path  # fmt: skip
        assert statuses.total() - statuses["in_progress"] == expected.completed + expected.failed + expected.cancelled
        assert statuses.total() <= expected.steps  # what never started has no span
        assert root.attributes["status"] == expected.status
        assert root.status == STATUS.get(expected.status, "UNSET")
        if expected.duration_s is not None:
            assert seconds(root) == pytest.approx(float(expected.duration_s), abs=2e-6)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_batch_of_real_spans_obeys_the_rules_of_opentelemetry(folder: str) -> None:
    for history in histories(folder):
        requests = list(exported(history.spans))
        scopes = [
            scope for request in requests for resource in request.resource_spans for scope in resource.scope_spans
        ]
        wire = [span for scope in scopes for span in scope.spans]
        assert len(wire) == len(history.spans)
        faults = broken_rules(history.spans) + broken_rules_on_the_wire(wire) + broken_trees_on_the_wire(wire)
        assert faults == [], history.path


@pytest.mark.parametrize("folder", FOLDERS)
def test_real_histories_give_the_same_spans_in_any_order_and_with_duplicates(folder: str) -> None:
    random = Random(5)
    for history in histories(folder):
        again = history.records + random.choices(history.records, k=len(history.records) // 5)
        random.shuffle(again)
        assert spans_of(again) == history.spans, history.path
