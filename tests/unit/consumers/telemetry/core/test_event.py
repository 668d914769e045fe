"""An event is read from its record with the context that its headers carry."""

import pytest

from tasker_consumers.telemetry.core.event import Carried, read_event
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.headers import SpanRef, TraceHeaders
from tasker_schemas.names import TaskEvents
from tests.support.telemetry.histories import told

SPAN, PARENT = SpanRef("a" * 32, "b" * 16), SpanRef("a" * 32, "c" * 16)


@pytest.mark.parametrize(
    ("trace", "carried"),
    [
        (TraceHeaders(SPAN, PARENT), Carried("a" * 32, "b" * 16, 1, "c" * 16, "")),
        (TraceHeaders(SPAN, PARENT, "vendor=1"), Carried("a" * 32, "b" * 16, 1, "c" * 16, "vendor=1")),
        (TraceHeaders(SPAN, SPAN), Carried("a" * 32, "b" * 16, 1, "", "")),
        (TraceHeaders(SPAN, SpanRef("f" * 32, "c" * 16)), Carried("a" * 32, "b" * 16, 1, "", "")),
        (TraceHeaders(), None),
    ],
)
def test_the_carried_context_has_a_parent_only_where_it_can_stand_above_the_span(
    trace: TraceHeaders, carried: Carried | None
) -> None:
    event = read_event(told(TaskEvents.START_REQUESTED, 0, trace=trace))
    assert event.carried == carried


def test_an_event_knows_the_size_of_its_record() -> None:
    record = told(TaskEvents.START_REQUESTED, 0)
    assert read_event(record).size == len(record.value or b"")


def test_a_record_under_another_key_is_poison() -> None:
    with pytest.raises(PoisonRecord):
        read_event(told(TaskEvents.START_REQUESTED, 0)._replace(key=b"another"))
