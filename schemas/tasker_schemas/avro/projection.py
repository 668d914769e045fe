"""Projections: some fields of a record, read in the same pass that checks the values of all its fields.

Whoever folds millions of events needs half of their fields, and has to know of all that they are right. A projection
answers for records that are surely right. Of any other it says nothing: whoever asked decodes the record whole, and
`event_check` judges it, with a sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

from tasker_schemas.avro.versions import added_fields, by_fingerprint, latest
from tasker_schemas.extensions import compiled_or


class Limits(NamedTuple):
    """The values that a field may have, where they are not null."""

    lowest: float = -inf
    highest: float = inf
    most_bytes: int = -1  # of a text, and of each item of a list, which are texts then; negative for any
    required: bool = False  # whether an empty text is refused


@dataclass(frozen=True, eq=False)
class Projection:
    """The fields to read of a record, and the limits of every field of its newest version."""

    fields: frozenset[str]
    limits: Mapping[str, Limits]


ProjectingReader = Callable[[bytes, int], dict[str, Any] | None]
"""Reads a record from a position to its end: the projected fields, those that are null too; None if it may be wrong."""

_native: Any = compiled_or("tasker_schemas.avro._projection_c", "NativeProjection", None)


def projecting_reader(fingerprint: bytes, projection: Projection) -> ProjectingReader | None:
    """Return a reader for a shipped version; None without a C compiler, and for a version that has to be resolved."""
    schema = by_fingerprint()[fingerprint]
    added = added_fields(schema.plain, latest(schema.record).plain)
    if _native is None or added is None:
        return None
    defaults = {name: default for name, default in added.items() if name in projection.fields}
    if any(isinstance(default, list | dict) for default in defaults.values()):  # it would be shared by all records
        return None
    reader: ProjectingReader = _native(schema.plain, projection.fields, projection.limits, defaults).read
    return reader
