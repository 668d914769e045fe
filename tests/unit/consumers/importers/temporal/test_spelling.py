"""Each spelling of a Temporal history, alone and together with others, reads like the plain form."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.importers import BrokenFile, ImportedEvent
from tasker_consumers.importers.temporal.history import read
from tests.unit.consumers.importers.temporal.test_temporal import RUNNING, SCHEDULED, STARTED, event, payload

Events = list[dict[str, Any]]
NUMBERS = {
    "WorkflowExecutionStarted": 1, "WorkflowExecutionCompleted": 2, "ActivityTaskScheduled": 10,
    "ActivityTaskStarted": 11, "ActivityTaskCompleted": 12, "TimerStarted": 17, "TimerFired": 18,
}  # fmt: skip
INPUT = {"workflowType": {"name": "Order"}, "originalExecutionRunId": "run-1", "input": payload({"someKey": 1})}
HISTORY: Events = [
    {**STARTED, "workflowExecutionStartedEventAttributes": INPUT},
    SCHEDULED,
    RUNNING,
    event(4, "TimerStarted", timerId="t", startToFireTimeout="3s"),
    event(5, "ActivityTaskCompleted", scheduledEventId="2", result=payload("done")),
    event(6, "TimerFired", startedEventId="4"),
    event(7, "WorkflowExecutionCompleted"),
]


def read_text(text: str) -> list[ImportedEvent]:
    return read(text.encode(), "h.json")


PLAIN = read_text(json.dumps({"events": HISTORY}))


def screaming(event_type: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event_type).upper()


def snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {re.sub(r"(?=[A-Z])", "_", key).lower(): snake(member) for key, member in value.items()}
    return [snake(item) for item in value] if isinstance(value, list) else value


def with_seconds(one: dict[str, Any]) -> dict[str, Any]:
    second = int(one["eventTime"][17:19])
    return {**one, "eventTime": {"seconds": str(second), "nanos": 123_456_789}}


def unpadded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: unpadded(member) for key, member in value.items()}
    if isinstance(value, list):
        return [unpadded(item) for item in value]
    return value.rstrip("=").replace("+", "-").replace("/", "_") if _is_base64(value) else value


def _is_base64(value: Any) -> bool:
    return isinstance(value, str) and value.endswith("=")


SPELLINGS: dict[str, Callable[[Events], Events]] = {
    "newest first": lambda events: events[::-1],
    "types of protobuf": lambda events: [{**e, "eventType": f"EVENT_TYPE_{screaming(e['eventType'])}"} for e in events],
    "types without a prefix": lambda events: [{**e, "eventType": screaming(e["eventType"])} for e in events],
    "types as numbers": lambda events: [{**e, "eventType": NUMBERS[e["eventType"]]} for e in events],
    "times of protobuf": lambda events: [with_seconds(e) for e in events],
    "base64 without padding": unpadded,
    "ids as numbers": lambda events: [{**e, "eventId": int(e["eventId"])} for e in events],
}
SHAPES: dict[str, Callable[[Events], str]] = {
    "events": lambda events: json.dumps({"events": events}),
    "the API's answer": lambda events: json.dumps(
        {"history": {"events": events}, "rawHistory": [], "nextPageToken": None, "archived": False}
    ),
    "an export of the cloud": lambda events: json.dumps({"items": [{"history": {"events": events}}]}),
    "a list of histories": lambda events: json.dumps([{"history": {"events": events}}]),
    "a list of events": json.dumps,
    "an event on each line": lambda events: "\n".join(map(json.dumps, events)),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_each_spelling_reads_like_the_plain_form(spelling: Callable[[Events], Events]) -> None:
    assert read_text(json.dumps({"events": spelling(HISTORY)})) == PLAIN


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_each_shape_reads_like_the_plain_form(shape: Callable[[Events], str]) -> None:
    assert read_text(shape(HISTORY)) == PLAIN


def test_snake_case_throughout_reads_like_the_plain_form() -> None:
    assert read_text(json.dumps(snake({"events": HISTORY}))) == PLAIN


MIXABLE = sorted(SPELLINGS.keys() - {"types without a prefix", "types as numbers"})  # one spelling of types is enough


@given(st.lists(st.sampled_from(MIXABLE), unique=True), st.sampled_from(sorted(SHAPES)))
def test_spellings_and_shapes_can_be_mixed(spellings: list[str], shape: str) -> None:
    events = HISTORY
    for spelling in sorted(spellings, reverse=True):
        events = SPELLINGS[spelling](events)
    assert read_text(SHAPES[shape](events)) == PLAIN


def test_a_history_that_goes_on_is_told_and_stays_open() -> None:
    notes: list[str] = []
    page = json.dumps({"history": {"events": HISTORY[:4]}, "nextPageToken": "x"}).encode()
    events = read(page, "h.json", notes.append)
    assert notes == ["the history of run-1 goes on: import the next pages, too"]
    assert events == [one for one in PLAIN if one in events]
    assert not any(one.name.startswith("task.completed") for one in events)


@pytest.mark.parametrize("document", [{"history": 5}, {"items": 5}, {"history": {"events": {}}}, [{"events": 7}]])
def test_a_shape_that_no_tool_writes_is_refused_by_its_place(document: Any) -> None:
    with pytest.raises(BrokenFile, match="expected"):
        read_text(json.dumps(document))


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("payloads", "value"),
    [
        ([{"metadata": {"encoding": "json/plain"}, "data": {"n": 1}}], {"n": 1}),
        ([{"metadata": {"encoding": "json/plain"}, "data": "text"}], "text"),
        ([5, "x", {"n": 1.5}], [5, "x", {"n": 1.5}]),
        ([{"metadata": {"encoding": b64("binary/null")}}], None),
        ([{"metadata": {"encoding": b64("binary/encrypted")}, "data": b64("xyz")}], "<binary/encrypted, 3 bytes>"),
        ([{"metadata": {"encoding": 7}, "data": "***"}], "<unreadable payload>"),
        ([{"metadata": {}, "data": "***"}], "<unreadable payload>"),
        ([{"metadata": {"encoding": b64("json/plain")}, "data": b64("{")}], "<json/plain, 1 bytes, not readable>"),
    ],
)
def test_no_payload_refuses_a_history(payloads: Any, value: Any) -> None:
    opening = {**INPUT, "input": {"payloads": payloads}}
    first = read_text(json.dumps({"events": [{**STARTED, "workflowExecutionStartedEventAttributes": opening}]}))[0]
    assert first.fields.get("context") == {"input": value}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(ANYTHING, max_size=4))
def test_payloads_of_any_form_are_read(payloads: list[Any]) -> None:
    completed = event(5, "ActivityTaskCompleted", scheduledEventId="2", result={"payloads": payloads})
    text = json.dumps({"events": [STARTED, SCHEDULED, RUNNING, completed]})
    assert [one.name for one in read_text(text)][-1] == "step.completed"
