"""The facts of a record that a selection asks for: from its headers where they carry them, else from its payload."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.headers import CE_SOURCE, CE_TIME, CE_TYPE, TRACEPARENT, read_traceparent
from tasker_schemas.identity import trace_id_of

DecodeRecord = Callable[[StoredRecord], Mapping[str, Any]]
"""Returns the fields of a record's event; raises PoisonRecord for a record that cannot be read."""

_EMPTY: Mapping[str, Any] = {}


class RecordFacts:
    """A record, decoded as far as a selection asks: its payload is decoded once, and only if a header is missing."""

    def __init__(self, record: StoredRecord, decode: DecodeRecord) -> None:
        self.record = record
        self.unreadable = False
        self._decode = decode
        self._fields: Mapping[str, Any] | None = None

    @property
    def event_name(self) -> str | None:
        """The event's name."""
        return self._text(CE_TYPE, "event_name")

    @property
    def service(self) -> str | None:
        """The service that sent the event."""
        return self._text(CE_SOURCE, "service")

    @property
    def happened_at(self) -> int | None:
        """The event's own time in microseconds since the epoch; None for a record that cannot be read."""
        written = read_event_time(self.record.header(CE_TIME))
        return self.field("timestamp") if written is None else written

    @property
    def trace_id(self) -> str | None:
        """The trace that the event belongs to; derived from the task's id where no header carries a trace."""
        span = read_traceparent(self.record.header(TRACEPARENT))
        if span is not None:
            return span.trace_id
        return None if self.record.key is None else trace_id_of(self.record.key.decode("utf-8", "replace"))

    def field(self, name: str) -> Any:
        """Return a field of the payload; None if the event has no such field or cannot be read."""
        if self._fields is None:
            try:
                self._fields = self._decode(self.record)
            except PoisonRecord:
                self.unreadable, self._fields = True, _EMPTY
        return self._fields.get(name)

    def _text(self, header: str, field: str) -> str | None:
        value = self.record.header(header)
        return self.field(field) if value is None else value.decode("utf-8", "replace")


def read_event_time(value: bytes | None) -> int | None:
    """Return the microseconds since the epoch of a `ce_time` header (RFC 3339); None for an absent or malformed header.

    >>> read_event_time(b"1970-01-01T00:00:01.000002Z"), read_event_time(b"noon")
    (1000002, None)
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value.decode("ascii"))
        seconds = moment.replace(microsecond=0).timestamp()
    except (ValueError, OverflowError):
        return None
    return None if moment.tzinfo is None else int(seconds) * 1_000_000 + moment.microsecond
