"""Events that librdkafka gave back: their headers, and the order in which they were sent.

librdkafka hands back topic, key and value of a record, but no headers. To keep those of every event until it is
delivered would cost each of them memory and work for the garbage collector; so only the part is kept that the value
does not hold, the trace, which the events of a span share.

librdkafka returns events in pieces, the newest before older ones: those that wait for a broker come before those on
their way there. Its own times tell milliseconds, or an age that another thread may delay. So each event is numbered
when it is handed over, and its number comes back with it.
"""

from collections.abc import Callable, Iterable
from functools import cache
from itertools import count
from operator import attrgetter
from typing import Any, NamedTuple

from tasker_producer.delivery.host.drops import Drop, DroppedEvent
from tasker_producer.delivery.spool.rows import SpooledRecord
from tasker_schemas.avro.codec import CONFLUENT, Decoder, confluent_frame, single_object_frame
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.headers import BAGGAGE, CE_TYPE, PARENT, TRACEPARENT, TRACESTATE, Header, cloud_event_headers
from tasker_schemas.names import Family

TraceFields = tuple[Header, ...]

_TRACE = frozenset({TRACEPARENT, PARENT, TRACESTATE, BAGGAGE})
_FRAME_BYTES = len(confluent_frame(0))


class Returned(NamedTuple):
    """An event that came back, and its number among those that were handed to librdkafka."""

    record: SpooledRecord
    number: int


class Report:
    """The report about an event that librdkafka calls: it adds the parts that librdkafka does not hand back."""

    def __init__(self, settle: Callable[[TraceFields, int, Any, Any], None], trace: TraceFields, number: int) -> None:
        self._settle = settle
        self._trace = trace
        self._number = number

    def __call__(self, error: Any, message: Any) -> None:
        """Tell `settle` of an error and the message that librdkafka hands back."""
        self._settle(self._trace, self._number, error, message)


#: Draws the number of an event that is handed over next, in any thread.
next_number = count().__next__


def trace_fields(headers: list[Header]) -> TraceFields:
    """Return the part of an event's headers that its value does not hold: the last of them."""
    start = len(headers)
    while start and headers[start - 1][0] in _TRACE:
        start -= 1
    return tuple(headers[start:])


def rebuild_headers(topic: str, value: bytes, trace: TraceFields) -> list[Header]:
    """Return all headers of an event of ours, from its value and its position in a trace.

    Raises PoisonRecord for a value that is none of ours.
    """
    record = RECORD_OF_FAMILY[Family(topic.rpartition(".")[2])]
    if value.startswith(CONFLUENT):  # a registry's id, of the schema that we write
        value = single_object_frame(record) + value[_FRAME_BYTES:]
    event = _decoder().decode(record, value)
    return [*cloud_event_headers(event, event["service"]), *trace]


def all_headers(record: SpooledRecord) -> list[Header]:
    """Return the headers of a waiting event; those of a returned one are rebuilt.

    Raises PoisonRecord or ValueError for a value that is none of ours.
    """
    if any(name == CE_TYPE for name, _ in record.headers):
        return record.headers
    return rebuild_headers(record.topic, record.value, tuple(record.headers))


def dropped_event(record: SpooledRecord, reason: Drop) -> DroppedEvent:
    """Return an event that is given up; its headers are all there, unless its value cannot be read."""
    try:
        headers = all_headers(record)
    except (PoisonRecord, ValueError):
        headers = record.headers
    return DroppedEvent(_event_name(headers), str(reason), record.topic, record.key, record.value, headers)


def _event_name(headers: list[Header]) -> str:
    """Return the name of the event that has these headers."""
    return next((value.decode("utf-8", "replace") for name, value in headers if name == CE_TYPE), "?")


def in_order(events: Iterable[Returned]) -> list[SpooledRecord]:
    """Return the records of events that came back in any order, in the order in which they were handed over."""
    return [event.record for event in sorted(events, key=attrgetter("number"))]


@cache
def _decoder() -> Decoder:
    return Decoder()
