"""What a span goes through before it leaves: no secret, and no more than the limits allow."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.telemetry.core.annotations import KEPT
from tasker_consumers.telemetry.export.limits import Limits
from tasker_consumers.telemetry.export.sanitize import SpanSanitizer
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Attributes, Link, Span, SpanEvent
from tasker_schemas.errors import ConfigurationError
from tasker_schemas.names import WorkflowEvents
from tests.support.telemetry.histories import attempt, order, told
from tests.support.telemetry.span_rules import broken_rules

SECRET = "hunter2"
WHOLE = spans_of(order())[0]


def sanitize(span: Span, **environ: str) -> Span:
    return SpanSanitizer.from_env(environ).sanitize(span)


@pytest.mark.parametrize(
    "fields",
    [
        {"attributes": {"password": SECRET}},
        {"attributes": {"note": f"token={SECRET}"}},
        {"attributes": {"nested": f'{{"api_key": "{SECRET}"}}'}},
        {"error_message": f"login with password={SECRET} failed"},
        {"error_message": "no", "backtrace": ["a.py:1", f"connect(password='{SECRET}')"]},
    ],
)
def test_secrets_that_a_producer_forgot_do_not_leave(fields: dict[str, Any]) -> None:
    for span in spans_of(attempt("a", 0, 1, "failed", **fields)):
        assert SECRET not in str(sanitize(span))


def test_the_mask_and_the_patterns_are_settings() -> None:
    span = replace(WHOLE, attributes={"colour": "red", "size": 7, "password": "x"})
    found = sanitize(span, TASKER_FILTER_PARAMETERS="colour, /siz/", TASKER_FILTER_MASK="***").attributes
    assert found == {"colour": "***", "size": "***", "password": "x"}


def test_a_span_without_secrets_within_the_limits_is_unchanged() -> None:
    assert [sanitize(span) for span in spans_of(order())] == spans_of(order())


def test_the_limits_keep_our_own_attributes_and_both_ends_of_the_events() -> None:
    business = {f"business.{n}": n for n in range(200)}
    events = [SpanEvent(n, f"event.{n}", {}) for n in range(300)]
    span = sanitize(replace(WHOLE, attributes={**business, **WHOLE.attributes}, events=events))
    assert WHOLE.attributes.items() <= span.attributes.items()
    assert (len(span.attributes), len(span.events)) == (128, 128)
    assert (span.events[0].name, span.events[-1].name) == ("event.0", "event.299")
    assert span.dropped_attributes + 128 == 200 + len(WHOLE.attributes)
    assert span.dropped_events == 172


@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_whatever_the_limits_they_are_kept_and_the_rest_is_counted(attributes: int, events: int, links: int) -> None:
    names = ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_SPAN_EVENT_COUNT_LIMIT", "OTEL_SPAN_LINK_COUNT_LIMIT")
    limits = dict(zip(names, map(str, (attributes, events, links)), strict=True))
    many = replace(WHOLE, links=[Link("a" * 32, "b" * 16, {})] * 4)
    span = sanitize(many, **limits)
    assert len(span.attributes) + span.dropped_attributes == len(many.attributes)
    assert len(span.events) + span.dropped_events == len(many.events)
    assert (len(span.links), span.dropped_links) == (min(links, 4), 4 - min(links, 4))


def test_attributes_of_an_event_and_of_a_link_beyond_the_limit_are_counted_there() -> None:
    many: Attributes = {f"name.{n}": n for n in range(200)}
    span = Limits().applied(
        replace(WHOLE, events=[SpanEvent(1, "noted", many)], links=[Link("a" * 32, "b" * 16, many)])
    )
    (event,), (link,) = span.events, span.links
    assert (len(event.attributes), event.dropped_attributes) == (128, 72)
    assert (len(link.attributes), link.dropped_attributes) == (128, 72)
    assert span.dropped_attributes == 0


def test_values_longer_than_the_limit_are_cut() -> None:
    span = replace(WHOLE, attributes={"long": "x" * 50, "list": ["y" * 50], "number": 7})
    found = Limits(value_length=5).applied(span).attributes
    assert found == {"long": "xxxxx", "list": ["yyyyy"], "number": 7}


def test_a_limit_that_is_no_number_is_named() -> None:
    with pytest.raises(ConfigurationError, match="OTEL_SPAN_LINK_COUNT_LIMIT is 'many'; expected a whole number"):
        Limits.from_env({"OTEL_SPAN_LINK_COUNT_LIMIT": "many"})


def test_a_task_that_is_remarked_upon_for_days_keeps_the_first_and_the_last_remarks() -> None:
    remarks = [told(WorkflowEvents.TASK_REENQUEUE_DELAYED, 10 + n) for n in range(1000)]
    root = spans_of([*order(), *remarks])[0]
    names = [event.name for event in root.events]
    assert len(root.events) <= 3 * KEPT + len(order())
    assert names.count("workflow.task_reenqueue_delayed") + root.dropped_events == 1000
    assert root.events[-1].time == max(event.time for event in spans_of([*order(), remarks[-1]])[0].events)
    assert broken_rules([sanitize(root)]) == []
