"""Events that librdkafka gave back: their headers, and the order in which they were sent.

librdkafka hands back topic, key and value of a record, but no headers. To keep those of every event until it is
delivered would cost each of them memory and work for the garbage collector; so only the part is kept that the value
does not hold, the trace, which the events of a span share.

librdkafka returns events in pieces, the newest before older ones: those that wait for a broker come before those on
their way there. Within a piece the order is right. It also says how old each event is, and the clock is read when that
is reported, which may be late: another thread had its turn. So send times put the pieces in order, and inside a
piece a later time is lowered to its successor's.
"""

from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from confluent_kafka import Message

from tasker_producer.delivery.host import native
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
    """An event that came back, its partition, and when it was sent, by the clock of time.monotonic()."""

    record: SpooledRecord
    partition: int
    sent: float
    thread: int  # in which librdkafka reported it


def returned(record: SpooledRecord, message: Message, reported: float) -> Returned:
    """Return an event with its partition and send time, which librdkafka told at the moment `reported`."""
    return Returned(record, message.partition(), reported - (message.latency() or 0.0), native.get_ident())


def trace_fields(headers: list[Header]) -> TraceFields:
    """Return the part of an event's headers that its value does not hold."""
    return tuple([header for header in headers if header[0] in _TRACE])


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


def name_of(record: SpooledRecord) -> str:
    """Return the name of a waiting event."""
    try:
        return event_name(all_headers(record))
    except (PoisonRecord, ValueError):
        return "?"


def event_name(headers: list[Header]) -> str:
    """Return the name of the event that has these headers."""
    return next((value.decode("utf-8", "replace") for name, value in headers if name == CE_TYPE), "?")


def in_order(events: Sequence[Returned]) -> list[SpooledRecord]:
    """Return events, given in the order of their coming back, in the order in which they were sent."""
    partitions: dict[tuple[int, str, int], list[list[Returned]]] = {}
    for event in events:
        pieces = partitions.setdefault((event.thread, event.record.topic, event.partition), [])
        if not pieces or event.sent < pieces[-1][0].sent:
            pieces.append([])
        pieces[-1].append(event)
    timed: list[tuple[float, SpooledRecord]] = []
    for pieces in partitions.values():
        oldest_first = [event for piece in reversed(pieces) for event in piece]
        send_times = accumulate((event.sent for event in reversed(oldest_first)), min)
        timed += zip(reversed(list(send_times)), (event.record for event in oldest_first), strict=True)
    return [record for _, record in sorted(timed, key=itemgetter(0))]


@cache
def _decoder() -> Decoder:
    return Decoder()
