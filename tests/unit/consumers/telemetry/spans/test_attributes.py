"""A caller's attribute is on the span or counted as dropped, and decides nothing of ours."""

from typing import Any

import pytest

from tasker_consumers.telemetry.export.zipkin.encoder import ZipkinEncoder
from tasker_consumers.telemetry.spans.attributes import ABANDONED, LATE, PROVISIONAL, business_attributes, is_reserved
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.names import StepEvents, TaskEvents
from tests.support.telemetry.histories import FAILURE, Told, attempt, told
from tests.support.telemetry.one_span import root_of, step_of

NAMES = ["status", "producer", "execution_duration", "task_id", "step_id", "step_name", "retry_limit", "total_steps"]
MARKS = [
    ABANDONED,
    LATE,
    PROVISIONAL,
    "tasker.link",
    "exception.type",
    "error.type",
    "service.name",
    "otel.status_code",
]


def with_attributes(kind: str, attributes: dict[str, Any]) -> Span:
    if kind == "task":
        return root_of([told(TaskEvents.START_REQUESTED, 0), told(TaskEvents.COMPLETED, 1, attributes=attributes)])
    return step_of(attempt("a", 0, 1, attributes=attributes, service="shop"))


@pytest.mark.parametrize("kind", ["task", "step"])
@pytest.mark.parametrize("name", [*NAMES, *MARKS])
def test_a_callers_attribute_with_a_name_of_ours_stands_under_the_name_of_its_service(kind: str, name: str) -> None:
    prefix = "tasker" if kind == "task" else "shop"
    bare, span = with_attributes(kind, {}), with_attributes(kind, {name: "CALLER"})
    assert span.attributes == {**bare.attributes, f"{prefix}.{name}": "CALLER"}


def test_attributes_with_names_of_their_own_stay_as_they_are() -> None:
    values = {"amount": 12.5, "error": False, "customer": "ada"}
    assert business_attributes(values, "shop") == values
    assert not any(map(is_reserved, values))


def test_a_custom_event_keeps_the_callers_value_beside_a_field_of_ours() -> None:
    noted = told(
        "observability.step.backoff",
        0.5,
        step_id="a",
        attempt_number=1,
        backoff_seconds=2.0,
        attributes={"backoff_seconds": 9},
    )
    (event,) = [e for e in step_of([*attempt("a", 0, 1), noted]).events if e.name == "observability.step.backoff"]
    assert (event.attributes["backoff_seconds"], event.attributes["tasker.backoff_seconds"]) == (2.0, 9)


def test_zipkin_has_a_tag_error_only_where_the_status_is_one() -> None:
    encoder = ZipkinEncoder({"service.name": "tasker", "deployment.environment": "test"})
    good = encoder.encoded(with_attributes("step", {"error": False}))["tags"]
    bad = encoder.encoded(step_of(attempt("a", 0, 1, "failed", attributes={"error": False}, **FAILURE)))["tags"]
    assert ("error" in good, good["shop.error"], good["deployment.environment"]) == (False, "false", "test")
    assert bad["error"] == "no answer"


def test_a_spans_own_attribute_beats_that_of_its_resource_in_zipkin() -> None:
    encoder = ZipkinEncoder({"service.name": "tasker", "deployment.environment": "test"})
    span = with_attributes("step", {"deployment.environment": "mine"})
    assert encoder.encoded(span)["tags"]["deployment.environment"] == "mine"


@pytest.mark.parametrize(("failure", "expected"), [(FAILURE, "gateway.Timeout"), ({"error_message": "no"}, "_OTHER")])
def test_a_span_with_an_error_tells_its_type(failure: dict[str, Any], expected: str) -> None:
    history: list[Told] = [*attempt("a", 0, 1, "failed", **failure), told(TaskEvents.FAILED, 2, **failure)]
    assert step_of(history).attributes["error.type"] == root_of(history).attributes["error.type"] == expected


def test_a_span_without_an_error_tells_no_type() -> None:
    history = [*attempt("a", 0, 1), told(StepEvents.RETRY_REQUESTED, 2, step_id="a", attempt_number=2)]
    assert "error.type" not in step_of(history).attributes
