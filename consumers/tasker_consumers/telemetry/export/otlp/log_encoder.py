"""Log records as OTLP requests for logs, in bytes."""

from functools import lru_cache
from struct import Struct

from tasker_consumers.telemetry.export.otlp.requests import ITEM, RequestEncoder, ResourceAttributes
from tasker_consumers.telemetry.export.protobuf import any_value, attributes, field, text, varint
from tasker_consumers.telemetry.logs.record import LogRecord

_TIMES = Struct("<BQBQ").pack  # time and time of observation with their tags
_FLAGS = Struct("<BI").pack


class OtlpLogEncoder(RequestEncoder[LogRecord]):
    """Writes requests for the export of log records; `resource` holds the attributes of all of them."""

    def __init__(self, resource: ResourceAttributes, scope_version: str) -> None:
        super().__init__(resource, scope_version, encode_log_record)


def encode_log_record(record: LogRecord) -> bytes:
    """Return the field of a log record among those of its scope."""
    parts = [
        _TIMES(0x09, record.time, 0x59, record.observed),
        b"\x10" + varint(record.severity),
        field(b"\x2a", any_value(record.body)) if record.body else b"",
        attributes(b"\x32", record.attributes),
        b"\x38" + varint(record.dropped_attributes) if record.dropped_attributes else b"",
        _FLAGS(0x45, record.flags),
        b"\x4a\x10" + bytes.fromhex(record.trace_id) if record.trace_id else b"",
        b"\x52\x08" + bytes.fromhex(record.span_id) if record.span_id else b"",
        _event_name(record.event_name),
    ]
    return field(ITEM, b"".join(parts))


@lru_cache(maxsize=1024)
def _event_name(name: str) -> bytes:
    return text(b"\x62", name)
