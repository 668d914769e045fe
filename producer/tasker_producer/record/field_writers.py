"""From a caller's value to its bytes: what the hot path does with each field.

The usual values (short text, small numbers, moments, durations) go straight to bytes. All others take the long way:
converted, masked, then written. Both ways give the same bytes.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tasker_producer.record.avro_writer import RecordWriter, quick_double, quick_int, quick_moment, quick_text
from tasker_producer.record.fields import Converter, FieldConverters
from tasker_schemas.names import Family

Quick = Callable[[Any], bytes | None]

_QUICK: Mapping[str, Quick] = {
    "string": quick_text,
    "int": quick_int,
    "double": quick_double,
    "timestamp-micros": quick_moment,
}


class FieldWriter(NamedTuple):
    """How one field of a record is written: `quick` gives None for a value that must go the long way."""

    place: int
    quick: Quick
    convert: Converter
    write: Callable[[Any], bytes]


def field_writers(family: Family, writer: RecordWriter, converters: FieldConverters) -> dict[str, FieldWriter]:
    """Return how each field is written that a caller may give for events of a family."""
    found = {}
    for name, (kind, convert) in converters.of(family).items():
        index, write = writer.fields[name]
        found[name] = FieldWriter(index, _QUICK.get(kind, _never), convert, write)
    return found


def _never(_: Any) -> None:
    return None
