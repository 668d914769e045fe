"""The headers of a record name the event, its task and its place in a trace."""

import pytest

from tasker_producer import ProducerSettings
from tasker_producer.record.building.event_headers import event_headers
from tasker_producer.record.building.occurrence import Occurrence, Subject
from tasker_producer.record.building.record_encoder import RecordEncoder
from tasker_producer.trace.context import task_trace
from tasker_schemas.headers import CE_ID, CE_SUBJECT, TraceHeaders

TEMPLATE = RecordEncoder(ProducerSettings()).templates.of_name("order.paid")
OCCURRENCE = Occurrence("id-1", 1_700_000_000_000_000, None)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (Subject(None, None, None), None),
        (Subject("1", None, None), b"1"),
        (Subject("1", "pay", 2), b"1/pay"),
    ],
)
def test_the_subject_names_the_task_and_its_step_and_is_absent_without_a_task(
    subject: Subject, expected: bytes | None
) -> None:
    headers = dict(event_headers(TEMPLATE, OCCURRENCE, subject, TraceHeaders()))
    assert headers[CE_ID] == b"id-1"
    assert headers.get(CE_SUBJECT) == expected
    assert "traceparent" not in headers


def test_the_events_of_a_name_share_no_list_of_headers() -> None:
    trace = task_trace("1")
    first = event_headers(TEMPLATE, OCCURRENCE, Subject("1", None, None), trace)
    second = event_headers(TEMPLATE, OCCURRENCE, Subject("1", None, None), trace)
    assert first == second
    assert first is not second
    assert trace.span is not None
    assert trace.span.trace_id.encode() in dict(first)["traceparent"]
