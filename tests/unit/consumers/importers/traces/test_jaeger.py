"""Jaeger's JSON: the same tree as OTLP tells, in each of the shapes that Jaeger writes."""

import json
from typing import Any

import pytest

from tests.support.importers.run_import import Files

TRACE = "b8efff798038103d269b633813fc60c"  # Jaeger leaves zeros at the front out
START = 1_772_359_200_000_000


def span(number: int, parent: int | None, start: int, seconds: int, **more: Any) -> dict[str, Any]:
    references = [{"refType": "CHILD_OF", "traceID": TRACE, "spanID": f"{parent:x}"}] if parent else []
    return {
        "traceID": TRACE, "spanID": f"{number:x}", "operationName": f"span {number}", "references": references,
        "startTime": START + start * 10**6, "duration": seconds * 10**6, "processID": "p1", "tags": [], **more,
    }  # fmt: skip


ERROR_TAGS = [{"key": "error", "type": "bool", "value": True}, {"key": "rate", "type": "float64", "value": 0.5}]
LOGS = [{"timestamp": START, "fields": [{"key": "event", "value": "error"}, {"key": "message", "value": "disk full"}]}]
SPANS = [span(1, None, 0, 10), span(2, 1, 1, 8), span(3, 2, 2, 2, tags=ERROR_TAGS, logs=LOGS)]
PROCESSES = {"p1": {"serviceName": "shop", "tags": []}}
ONE_TRACE = {"traceID": TRACE, "spans": SPANS, "processes": PROCESSES, "warnings": None}


def task(number: int) -> str:
    return f"trace:0{TRACE}:{number:016x}"


def test_a_trace_becomes_a_tree_of_tasks_and_steps(files: Files) -> None:
    outcome = files.run(json.dumps({"data": [ONE_TRACE], "total": 0, "errors": None}))
    assert outcome.report.imported[0].history_format == "jaeger"
    names = ("status", "total_steps", "completed_steps", "failed_steps", "duration_s")
    assert {key: [of[name] for name in names] for key, of in outcome.stats().items()} == {
        task(1): ["complete", 1, 1, 0, 10.0],
        task(2): ["complete", 1, 0, 1, 8.0],
    }
    (failed,) = outcome.named("step.failed")
    assert failed["error_message"] == "disk full"
    assert failed["attributes"] == {"source_service": "shop", "error": True, "rate": 0.5}


def test_each_shape_of_jaeger_reads_the_same(files: Files) -> None:
    plain = files.run(json.dumps({"data": [ONE_TRACE]})).stats()
    from_elasticsearch = [{**item, "process": {"serviceName": "shop"}} for item in reversed(SPANS)]
    old = [{key: value for key, value in item.items() if key != "references"} for item in SPANS]
    for item, parent in zip(old, ("", "1", "2"), strict=True):
        item["parentSpanID"] = parent
    for text in (
        json.dumps(ONE_TRACE),
        json.dumps({"data": ONE_TRACE}),
        json.dumps([ONE_TRACE]),
        json.dumps({"data": [{**ONE_TRACE, "spans": old}]}),
        json.dumps({"data": [{**ONE_TRACE, "spans": SPANS[:1]}, {**ONE_TRACE, "spans": SPANS[1:]}]}),
        "\n".join(json.dumps({**item, "spans": None}) for item in from_elasticsearch),
    ):
        outcome = files.run(text)
        assert (outcome.faults, outcome.stats()) == ([], plain)


@pytest.mark.parametrize(
    ("spans", "fault"),
    [
        ([span(1, 2, 0, 1), span(2, 1, 0, 1)], "spans[0]: its parents form a cycle"),
        ([{**SPANS[0], "spanID": "?"}], "spans[0].spanID: expected an id of at most 16 hex digits"),
        ([{**SPANS[0], "startTime": -1}], "spans[0].startTime: expected a whole number"),
        ([], "the file: no span is in it"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(files: Files, spans: Any, fault: str) -> None:
    (found,) = files.run(json.dumps({**ONE_TRACE, "spans": spans})).faults
    assert found.startswith(f"file-0: {fault}")
