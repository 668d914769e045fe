"""Whatever one value of a document is replaced by, it is imported or named as a fault; nothing else can happen."""

import base64
import json
import operator
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasker_consumers.importers import HistoryFormat, import_files
from tasker_producer.testing import RecordingPublisher

JSON_NULL = base64.b64encode(b"null").decode()
PAYLOADS = {"payloads": [{"metadata": {"encoding": base64.b64encode(b"json/plain").decode()}, "data": JSON_NULL}]}
FAILURE = {"message": "no", "stackTrace": "at a\nat b", "cause": {"message": "why"}, "activityFailureInfo": {}}
TEMPORAL = [
    (
        "WorkflowExecutionStarted",
        {"workflowType": {"name": "W"}, "originalExecutionRunId": "r", "workflowId": "w", "input": PAYLOADS},
    ),
    (
        "ActivityTaskScheduled",
        {"activityId": "1", "activityType": {"name": "A"}, "retryPolicy": {"maximumAttempts": 3}, "input": PAYLOADS},
    ),
    ("ActivityTaskStarted", {"scheduledEventId": "2", "attempt": 2, "lastFailure": FAILURE}),
    ("ActivityTaskFailed", {"scheduledEventId": "2", "failure": FAILURE, "retryState": "MaximumAttemptsReached"}),
    ("TimerStarted", {"timerId": "t", "startToFireTimeout": "3s"}),
    ("TimerCanceled", {"startedEventId": "5"}),
    ("StartChildWorkflowExecutionInitiated", {"workflowId": "c", "workflowType": {"name": "C"}, "taskQueue": {}}),
    ("ChildWorkflowExecutionStarted", {"initiatedEventId": 7}),
    ("ChildWorkflowExecutionCompleted", {"initiatedEventId": 7, "result": PAYLOADS}),
    ("WorkflowExecutionFailed", {"failure": FAILURE, "newExecutionRunId": "r2"}),
]
DOCUMENTS: dict[HistoryFormat, Any] = {
    HistoryFormat.TEMPORAL: {
        "events": [
            {
                "eventId": str(number),
                "eventTime": f"2024-01-01T00:00:{number:02d}Z",
                "eventType": kind,
                f"{kind[0].lower()}{kind[1:]}EventAttributes": said,
            }
            for number, (kind, said) in enumerate(TEMPORAL, start=1)
        ]
    },
    HistoryFormat.WFCOMMONS: {
        "name": "w",
        "schemaVersion": "1.5",
        "runtimeSystem": {"name": "s", "version": "1"},
        "workflow": {
            "specification": {"tasks": [{"id": "a", "name": "a", "parents": []}, {"id": "b", "parents": ["a"]}]},
            "execution": {
                "executedAt": "20240101T000000+0000",
                "makespanInSeconds": 3.5,
                "tasks": [
                    {"id": "a", "runtimeInSeconds": 1.5, "machines": ["m"], "coreCount": 2, "avgCPU": 9.5},
                    {"id": "b", "runtimeInSeconds": 2, "readBytes": 7, "memory": 8, "command": {"program": "p"}},
                ],
            },
        },
    },
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any) -> Iterator[Callable[[Any], None]]:
    """Return for each value of a document a function that puts another one in its place."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield partial(operator.setitem, value, key)
        yield from places(member)


EXTREMES = [999_999_999, 1e9, 1e308, 1e-320, -1, 0, 2**31, 2**63 - 1, 2**64, 253_402_300_799, 18_446_744_073, "", None]


@pytest.mark.parametrize("history_format", DOCUMENTS)
@pytest.mark.parametrize("replacement", EXTREMES)
def test_an_extreme_value_at_any_place_is_imported_or_named(
    history_format: HistoryFormat, replacement: Any, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.json"
    for chosen in range(len(list(places(DOCUMENTS[history_format])))):
        document = json.loads(json.dumps(DOCUMENTS[history_format]))
        list(places(document))[chosen](replacement)
        path.write_text(json.dumps(document))
        report = import_files(history_format, [path], RecordingPublisher())
        assert report.files + len(report.faults) == 1


@pytest.mark.parametrize("history_format", DOCUMENTS)
@settings(max_examples=300)
@given(chosen=st.integers(min_value=0), replacement=ANYTHING)
def test_a_damaged_document_is_imported_or_named_and_never_breaks_the_import(
    tmp_path_factory: pytest.TempPathFactory, history_format: HistoryFormat, chosen: int, replacement: Any
) -> None:
    document = json.loads(json.dumps(DOCUMENTS[history_format]))
    replacers = list(places(document))
    replacers[chosen % len(replacers)](replacement)
    path = tmp_path_factory.getbasetemp() / f"{history_format}.json"
    path.write_text(json.dumps(document))
    report = import_files(history_format, [path], RecordingPublisher())
    assert report.files + len(report.faults) == 1
    assert all(fault.place for fault in report.faults), report.faults


@pytest.mark.parametrize("history_format", DOCUMENTS)
def test_the_undamaged_documents_are_imported_without_a_fault(history_format: HistoryFormat, tmp_path: Path) -> None:
    path = tmp_path / "whole.json"
    path.write_text(json.dumps(DOCUMENTS[history_format]))
    assert import_files(history_format, [path], RecordingPublisher()).faults == ()
