"""Where events and exceptions go."""

from dataclasses import replace

import pytest

from tasker_consumers.telemetry.presentation.switches import EventSwitches
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import END
from tasker_schemas.errors import ConfigurationError
from tests.support.telemetry.histories import failed_order, order

EVENTS, EXCEPTIONS = "TASKER_TELEMETRY_EVENTS", "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN"


@pytest.mark.parametrize(
    ("events", "opt_in", "switches"),
    [
        ("", "", EventSwitches()),
        ("span", "", EventSwitches()),
        ("logs", "", EventSwitches(events_on_spans=False, events_as_logs=True)),
        (" Span, LOGS ", "", EventSwitches(events_as_logs=True)),
        ("", "logs", EventSwitches(exceptions_on_spans=False, exceptions_as_logs=True)),
        ("", "LOGS/dup", EventSwitches(exceptions_as_logs=True)),
        ("logs", "logs", EventSwitches(False, True, False, True)),
    ],
)
def test_each_value_of_the_variables(events: str, opt_in: str, switches: EventSwitches) -> None:
    assert EventSwitches.from_env({EVENTS: events, EXCEPTIONS: opt_in}) == switches


def test_a_wrong_value_is_refused_and_a_foreign_opt_in_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigurationError, match=f"{EVENTS} is 'log'; expected span, logs or span,logs"):
        EventSwitches.from_env({EVENTS: "log"})
    assert EventSwitches.from_env({EXCEPTIONS: "events"}) == EventSwitches()
    assert f"{EXCEPTIONS} is 'events'; expected logs or logs/dup" in caplog.text


def test_without_a_switch_the_very_same_spans_go_out() -> None:
    spans = spans_of(failed_order())
    assert EventSwitches().shown(spans) is spans
    assert EventSwitches(events_as_logs=True).shown(spans) is spans


def test_events_that_are_logs_only_leave_exceptions_on_spans_and_no_span_of_no_length() -> None:
    spans = EventSwitches(events_on_spans=False, events_as_logs=True).shown(spans_of(failed_order()))
    assert {event.name for span in spans for event in span.events} == {"exception"}
    assert END not in {span.kind for span in spans}


def test_exceptions_that_are_logs_only_leave_the_other_events() -> None:
    before = spans_of(failed_order())
    spans = EventSwitches(exceptions_on_spans=False, exceptions_as_logs=True).shown(before)
    assert {event.name for span in spans for event in span.events} == {
        event.name for span in before for event in span.events
    } - {"exception"}
    assert len(spans) == len(before)


def test_events_sent_as_logs_are_not_counted_as_dropped() -> None:
    dropped = [replace(span, dropped_events=7) for span in spans_of(order())]
    spans = EventSwitches(events_on_spans=False, events_as_logs=True).shown(dropped)
    assert {span.dropped_events for span in spans} == {0}
