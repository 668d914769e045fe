"""OTLP/JSON: the tree of spans, spellings, errors, and this project's own spans on their way back."""

import base64
import json
from typing import Any

import pytest

from tasker_consumers.importers import HistoryFormat
from tasker_consumers.trace_view.otlp_json import otlp_json
from tests.support.importers.oracles import real_files
from tests.support.importers.run_import import Files, run_import

TRACE = "5b8efff798038103d269b633813fc60c"
START = 1_772_359_200_000_000_000


def attribute(key: str, value: Any) -> dict[str, Any]:
    kind = {bool: "boolValue", int: "intValue", float: "doubleValue"}.get(type(value), "stringValue")
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


def span(number: int, parent: int | None, start: int, end: int | None, **more: Any) -> dict[str, Any]:
    return {
        "traceId": TRACE, "spanId": f"{number:016x}", "parentSpanId": f"{parent:016x}" if parent else "",
        "name": f"span {number}", "startTimeUnixNano": str(START + start * 10**9),
        "endTimeUnixNano": str(START + end * 10**9) if end else "0", **more,
    }  # fmt: skip


def request(*spans: Any, service: str = "shop") -> dict[str, Any]:
    resource = {"attributes": [attribute("service.name", service)]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


def task(number: int) -> str:
    return f"trace:{TRACE}:{number:016x}"


FAILED = span(
    3, 2, 2, 4, status={"code": 2, "message": "no"},
    events=[{"timeUnixNano": str(START), "name": "exception", "attributes": [
        attribute("exception.type", "IOError"), attribute("exception.message", "disk full"),
        attribute("exception.stacktrace", "a\n  b")]}],
)  # fmt: skip
SPANS = [span(1, None, 0, 10), span(2, 1, 1, 9), FAILED, span(4, 1, 3, None, attributes=[attribute("size", 7)])]


def test_spans_become_a_tree_of_tasks_and_steps(files: Files) -> None:
    outcome = files.run(json.dumps(request(*SPANS)))
    assert outcome.report.imported[0].history_format == "otlp"
    stats = outcome.stats()
    names = ("status", "total_steps", "completed_steps", "failed_steps", "pending_steps", "duration_s")
    assert {key: [of[name] for name in names] for key, of in stats.items()} == {
        task(1): ["complete", 2, 1, 0, 1, 10.0],
        task(2): ["complete", 1, 0, 1, 0, 8.0],
    }
    (failed,) = outcome.named("step.failed")
    assert (failed["error_class"], failed["error_message"], failed["backtrace"]) == ("IOError", "disk full", ["a", "b"])
    spans = {item.name: item for item in outcome.spans()}
    assert spans["task span 2"].parent_span_id == spans["step span 2"].span_id
    assert outcome.named("step.handle")[-1]["attributes"] == {"source_service": "shop", "size": 7}


def test_the_spelling_and_the_order_change_nothing(files: Files) -> None:
    plain = files.run(json.dumps(request(*SPANS))).stats()
    in_base64 = json.loads(json.dumps(SPANS))
    for item in in_base64:
        for key in ("traceId", "spanId", "parentSpanId"):
            item[key] = base64.b64encode(bytes.fromhex(item[key])).decode()
    snake = json.dumps(request(*SPANS)).replace("resourceSpans", "resource_spans").replace("scopeSpans", "scope_spans")
    snake = snake.replace("traceId", "trace_id").replace("spanId", "span_id").replace("parentSpanId", "parent_span_id")
    for text in (
        json.dumps([request(*SPANS[2:]), request(*SPANS[:2])]),
        "\n".join(json.dumps(request(item)) for item in reversed(SPANS)),
        json.dumps({"trace": request(*SPANS)}),
        json.dumps({"result": request(*SPANS)}),
        json.dumps({"batches": request(*SPANS)["resourceSpans"]}),
        json.dumps(request(*in_base64)),
        snake,
    ):
        outcome = files.run(text, history_format=HistoryFormat.OTLP)
        assert (outcome.faults, outcome.stats()) == ([], plain)


def test_a_span_that_is_sent_again_counts_once_with_its_end(files: Files) -> None:
    first = span(1, None, 0, None)
    assert files.run(json.dumps(request(first, span(1, None, 0, 10)))).stats()[task(1)]["duration_s"] == 10.0


def test_a_span_without_its_parent_is_a_task_until_the_parent_comes(files: Files) -> None:
    part = files.run(json.dumps(request(FAILED)))
    assert part.stats()[task(3)]["status"] == "error"
    both = files.run(json.dumps(request(FAILED)), json.dumps(request(*SPANS))).stats()
    whole = files.run(json.dumps(request(*SPANS))).stats()
    assert {key: of for key, of in both.items() if key != task(3)} == whole


TOLD_BY_SPANS = (
    "status", "task_name", "total_steps", "attempts", "completed_steps", "failed_steps", "cancelled_steps",
    "duration_s", "step_time_s", "started_at", "completed_at", "critical_path_s",
)  # fmt: skip


def test_our_own_spans_become_the_tasks_that_they_were_made_of(files: Files) -> None:
    once = run_import([*real_files("temporal-histories")[::6], *real_files("wfinstances")[:2]])
    back = files.run(json.dumps(otlp_json(once.spans(), {}))).stats()
    for task_id, of in once.stats().items():
        if of["status"] in {"complete", "error"}:
            assert [back[task_id][name] for name in TOLD_BY_SPANS] == [of[name] for name in TOLD_BY_SPANS], task_id


@pytest.mark.parametrize(
    ("spans", "fault"),
    [
        ([span(1, 2, 0, 1), span(2, 1, 0, 1)], "resourceSpans[0].scopeSpans[0].spans[0]: its parents form a cycle"),
        ([{**SPANS[0], "traceId": "xyz"}], "resourceSpans[0].scopeSpans[0].spans[0].traceId: expected an id"),
        ([{**SPANS[0], "startTimeUnixNano": "soon"}], "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano: exp"),
        (
            [{**SPANS[0], "spanId": "0000000000000000"}],
            "resourceSpans[0].scopeSpans[0].spans[0].spanId: expected an id",
        ),
        ([], "the file: no span is in it"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(files: Files, spans: Any, fault: str) -> None:
    outcome = files.run(json.dumps(request(*spans)))
    (found,) = outcome.faults
    assert found.startswith(f"file-0: {fault}")
    assert outcome.events == []
