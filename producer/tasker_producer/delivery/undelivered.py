"""The headers of an event that did not arrive, put together again.

librdkafka hands back topic, key and value of such a record, but no headers. To keep those of every event until it is
delivered would cost each of them memory and work for the garbage collector; so only the part is kept that the value
does not say, the trace, which the events of one span share.
"""

from tasker_schemas.avro.codec import CONFLUENT, Decoder, confluent_frame, single_object_frame
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.headers import BAGGAGE, CE_TYPE, PARENT, TRACEPARENT, TRACESTATE, Header, cloud_event_headers
from tasker_schemas.names import Family

TraceWire = tuple[Header, ...]

_TRACE = frozenset({TRACEPARENT, PARENT, TRACESTATE, BAGGAGE})
_FRAME = len(confluent_frame(0))


def trace_of(headers: list[Header]) -> TraceWire:
    """Return the part of an event's headers that its value does not say."""
    return tuple([header for header in headers if header[0] in _TRACE])


def headers_again(topic: str, value: bytes, trace: TraceWire) -> list[Header]:
    """Return all headers of an event of ours, from its value and its place in a trace.

    Raises PoisonRecord for a value that is none of ours.
    """
    record = RECORD_OF_FAMILY[Family(topic.rpartition(".")[2])]
    if value.startswith(CONFLUENT):  # a registry's id, of the schema that we write
        value = single_object_frame(record) + value[_FRAME:]
    event = Decoder().decode(record, value)
    return [*cloud_event_headers(event, event["service"]), *trace]


def event_name(headers: list[Header]) -> str:
    """Return the name of the event that has these headers."""
    return next((value.decode("utf-8", "replace") for name, value in headers if name == CE_TYPE), "?")
