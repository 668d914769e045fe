"""The embedded Zipkin, run for real."""

import json
import time
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

from tasker_consumers.embedded import WebSource
from tests.support.processes import LIMIT_S, eventually


def send(zipkin: str, span: dict[str, Any]) -> None:
    body = json.dumps([span]).encode()
    with urlopen(
        Request(f"{zipkin}/api/v2/spans", body, {"Content-Type": "application/json"}), timeout=LIMIT_S
    ) as answer:
        assert answer.status == 202


def spans_of(zipkin: str, trace_id: str) -> list[dict[str, Any]]:
    """Return the trace's spans, none if Zipkin does not know it."""
    try:
        with urlopen(f"{zipkin}/api/v2/trace/{trace_id}", timeout=LIMIT_S) as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found
    except HTTPError as error:
        error.close()
        if error.code != HTTPStatus.NOT_FOUND:
            raise
        return []


def example_span() -> dict[str, Any]:
    now = time.time_ns() // 1000
    return {
        "traceId": uuid4().hex,
        "id": uuid4().hex[:16],
        "name": "tasker.task.started",
        "timestamp": now,
        "duration": 7,
    }


def test_a_span_that_was_sent_is_found_by_its_trace(zipkin: WebSource) -> None:
    now = time.time_ns() // 1000
    span: dict[str, Any] = {
        "traceId": uuid4().hex,
        "id": uuid4().hex[:16],
        "name": "a task",
        "timestamp": now,
        "duration": 7,
    }
    send(zipkin.url, span)
    assert eventually(lambda: [each["id"] for each in spans_of(zipkin.url, span["traceId"])] == [span["id"]])
