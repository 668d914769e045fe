"""Causes, contexts, notes and members of an error are in the stack trace of its span."""

from typing import Any

from tasker_consumers.telemetry.spans.span import SpanEvent
from tasker_consumers.telemetry.spans.stacktrace import stacktrace_of
from tasker_schemas.names import StepEvents
from tests.support.telemetry.histories import told
from tests.support.telemetry.one_span import step_of

CAUSE = {"relation": "cause", "error_class": "KeyError", "error_message": "'cart'", "backtrace": ["c.py:3"], "depth": 1}
MEMBER = {"relation": "member", "error_class": "TimeoutError", "error_message": "db", "backtrace": [], "depth": 2}


def exception_of(**fields: Any) -> SpanEvent:
    failed = told(StepEvents.FAILED, 1, step_id="a", error_class="ValueError", error_message="no cart", **fields)
    return step_of([failed]).events[-1]


def test_type_and_message_stay_and_the_chain_follows_the_frames() -> None:
    exception = exception_of(backtrace=["a.py:1"], error_chain=[CAUSE, MEMBER], error_notes=["order 42"])
    assert exception.attributes["exception.type"] == "ValueError"
    assert exception.attributes["exception.message"] == "no cart"
    assert str(exception.attributes["exception.stacktrace"]).splitlines() == [
        "a.py:1",
        "note: order 42",
        "  caused by KeyError: 'cart'",
        "    c.py:3",
        "    member of the group: TimeoutError: db",
    ]


def test_a_chain_without_frames_of_the_error_itself_is_shown_too() -> None:
    assert "caused by KeyError" in str(exception_of(error_chain=[CAUSE]).attributes["exception.stacktrace"])


def test_frames_that_were_cut_are_counted() -> None:
    assert stacktrace_of({"errors_dropped": 3}) == "… 3 more exceptions or frames were cut"


def test_an_error_that_tells_no_frame_has_no_stack_trace() -> None:
    assert "exception.stacktrace" not in exception_of().attributes


def test_a_depth_beyond_all_bounds_moves_an_exception_no_further() -> None:
    (line,) = stacktrace_of({"error_chain": [{**CAUSE, "depth": 2**31 - 1, "backtrace": []}]}).splitlines()
    assert line == f"{'  ' * 16}caused by KeyError: 'cart'"
