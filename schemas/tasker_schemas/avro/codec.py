"""Records to bytes and back, in both framings of the wire.

`0xC3 0x01` + 8-byte fingerprint is Avro's single-object encoding: every version is shipped, so it needs no registry.
`0x00` + 4-byte schema id is the Confluent wire format: a registry knows the id. Readers take both from a topic.
Records are dicts by field name; timestamps are integers, microseconds since the epoch, UTC.
"""

import io
import struct
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from fastavro import schemaless_reader, schemaless_writer
from fastavro.read import SchemaResolutionError

from tasker_schemas.avro.guard import MAX_RECORD_BYTES, check_size, check_writer_schema
from tasker_schemas.avro.logical_types import Conversion, conversion_of
from tasker_schemas.avro.projection import ProjectingReader, Projection, projecting_reader
from tasker_schemas.avro.reader import Reader, make_reader
from tasker_schemas.avro.versions import NAMESPACE, added_fields, by_fingerprint, fingerprint_of, latest, prepared
from tasker_schemas.errors import PoisonReason, PoisonRecord, UsageError
from tasker_schemas.extensions import compiled_or

SINGLE_OBJECT = b"\xc3\x01"
CONFLUENT = b"\x00"

Writer = Callable[[Mapping[str, Any], bytes], bytes]
"""Returns a record's bytes after a frame."""

SchemaLookup = Callable[[int], dict[str, Any]]
"""Finds the schema behind a registry's id, as JSON; raises BackendUnavailable, or LookupError for an unknown id."""

_CONFLUENT_SIZE = 5
_SINGLE_OBJECT_SIZE = 10


def confluent_frame(schema_id: int) -> bytes:
    """Return the five bytes before a record whose schema has this id in the registry."""
    return CONFLUENT + schema_id.to_bytes(4, "big")


@cache
def single_object_frame(record: str) -> bytes:
    """Return the ten bytes before a record of the newest shipped version."""
    return SINGLE_OBJECT + latest(record).fingerprint


def encode(record: str, data: Mapping[str, Any], frame: bytes | None = None) -> bytes:
    """Return `data` as bytes of the newest version of `record`, after `frame` (default: single-object).

    Raises UsageError for a value that does not fit its field.
    """
    write = _writer_of(record)
    try:
        return write(data, single_object_frame(record) if frame is None else frame)
    except (TypeError, ValueError, OverflowError, KeyError, AttributeError) as error:
        raise UsageError(f"{record}: {error}") from error


def _general_writer(schema: Any) -> Writer:
    """Return a writer for records of any schema, and without a C compiler."""

    def write(data: Mapping[str, Any], frame: bytes) -> bytes:
        out = io.BytesIO()
        out.write(frame)
        schemaless_writer(out, schema, data, disable_tuple_notation=True)  # a tuple is a list, also in a union
        return out.getvalue()

    return write


_fastest: Callable[[Any], Writer] = compiled_or("tasker_schemas.avro._writer_c", "NativeWriter", _general_writer)


@cache
def _writer_of(record: str) -> Writer:
    schema = latest(record).plain
    try:
        return _fastest(schema)
    except ValueError:  # the events: their attributes are a union of null and several other types
        return _general_writer(schema)


class Decoder:
    """Reads records of known names, and refuses everything that could harm the reader.

    `lookup` finds schemas by registry id; without a lookup, records in the Confluent framing are poison. `keep` names
    by record the only fields to read, where not all are to be read; empty fields are then left out, too. `projections`
    say, by record, what `project` reads.
    """

    def __init__(
        self,
        lookup: SchemaLookup | None = None,
        keep: Mapping[str, frozenset[str]] | None = None,
        projections: Mapping[str, Projection] | None = None,
    ) -> None:
        self._lookup = lookup
        self._keep = keep or {}
        self._projections = projections or {}
        self._readers: dict[tuple[str, bytes], Reader] = {}  # by record and frame
        self._projecting: dict[tuple[str, bytes], ProjectingReader] = {}
        for fingerprint, schema in by_fingerprint().items():
            self._know(schema.record, SINGLE_OBJECT + fingerprint, fingerprint)

    def project(self, record: str, value: bytes | None) -> dict[str, Any] | None:
        """Return the fields of a projection if the record is surely right; None if only `decode` can tell."""
        if value is None or len(value) > MAX_RECORD_BYTES:
            return None
        size = _CONFLUENT_SIZE if value.startswith(CONFLUENT) else _SINGLE_OBJECT_SIZE
        read = self._projecting.get((record, value[:size]))
        return read and read(value, size)

    def decode(self, record: str, value: bytes | None) -> dict[str, Any]:
        """Return the fields of a record in its newest version; a field that the writer did not know has its default.

        Raises PoisonRecord with the reason, and BackendUnavailable when the registry must be asked and does not answer.
        """
        value = check_size(value)
        size = _CONFLUENT_SIZE if value.startswith(CONFLUENT) else _SINGLE_OBJECT_SIZE
        frame = value[:size]
        read = self._readers.get((record, frame)) or self._learn(record, frame)
        try:
            data, end = read(value, size)
        except (IndexError, EOFError, struct.error) as error:
            raise PoisonRecord(PoisonReason.TRUNCATED, f"{record} ends before its last field") from error
        except (ValueError, KeyError, TypeError, OverflowError, MemoryError) as error:
            raise PoisonRecord(PoisonReason.MALFORMED, f"{record}: {error!r}") from error
        except SchemaResolutionError as error:
            raise PoisonRecord(PoisonReason.FOREIGN_SCHEMA, f"{record} cannot be read as ours: {error}") from error
        if end > len(value):
            raise PoisonRecord(PoisonReason.TRUNCATED, f"{record} ends in its last field")
        if end < len(value):
            detail = f"{len(value) - end} bytes after the last field of {record}"
            raise PoisonRecord(PoisonReason.TRAILING_BYTES, detail)
        return data

    def _learn(self, record: str, frame: bytes) -> Reader:
        """Find the reader for a frame that was not seen before."""
        if frame.startswith(SINGLE_OBJECT):
            if len(frame) < _SINGLE_OBJECT_SIZE:
                raise PoisonRecord(PoisonReason.TRUNCATED, f"{record} ends in its frame")
            schema = by_fingerprint().get(frame[2:])
            if schema is not None:
                raise PoisonRecord(PoisonReason.FOREIGN_SCHEMA, f"written as {schema.record}, not as {record}")
            raise PoisonRecord(PoisonReason.UNKNOWN_SCHEMA, f"no version has the fingerprint {frame[2:].hex()}")
        if not frame.startswith(CONFLUENT):
            raise PoisonRecord(PoisonReason.BAD_MAGIC, f"the value begins with {frame[:2].hex() or 'nothing'}")
        if len(frame) < _CONFLUENT_SIZE:
            raise PoisonRecord(PoisonReason.TRUNCATED, f"{record} ends in its frame")
        self._readers[record, frame] = reader = self._from_registry(record, int.from_bytes(frame[1:], "big"))
        return reader

    def _from_registry(self, record: str, schema_id: int) -> Reader:
        if self._lookup is None:
            detail = f"schema id {schema_id} needs a registry: set SCHEMA_REGISTRY_URL"
            raise PoisonRecord(PoisonReason.UNKNOWN_SCHEMA, detail)
        try:
            declared = self._lookup(schema_id)
        except LookupError as error:
            raise PoisonRecord(PoisonReason.UNKNOWN_SCHEMA, f"the registry has no schema {schema_id}") from error
        check_writer_schema(declared, f"{NAMESPACE}.{record}")
        keep = self._keep.get(record)
        try:
            conversion = conversion_of(declared, latest(record).declared)
            # Logical types are no part of a fingerprint.
            if conversion is None and (fingerprint := fingerprint_of(declared)) in by_fingerprint():
                return self._know(record, confluent_frame(schema_id), fingerprint)
            return _resolving_reader(prepared(declared), latest(record).plain, keep, conversion)
        except PoisonRecord as error:
            raise PoisonRecord(error.reason, f"schema {schema_id}: {error.detail}") from error
        except Exception as error:  # whatever fastavro dislikes about a foreign schema
            raise PoisonRecord(PoisonReason.UNKNOWN_SCHEMA, f"schema {schema_id}: {error}") from error

    def _know(self, record: str, frame: bytes, fingerprint: bytes) -> Reader:
        """Note that a shipped version comes with this frame, and return its reader."""
        self._readers[record, frame] = reader = _reader_of(fingerprint, self._keep.get(record))
        projection = self._projections.get(record)
        projecting = None if projection is None else projecting_reader(fingerprint, projection)
        if projecting is not None:
            self._projecting[record, frame] = projecting
        return reader


@cache
def _reader_of(fingerprint: bytes, keep: frozenset[str] | None) -> Reader:
    schema = by_fingerprint()[fingerprint]
    newest = latest(schema.record)
    added = added_fields(schema.plain, newest.plain)
    if added is None:
        return _resolving_reader(schema.plain, newest.plain, keep)
    return _completing_reader(schema.plain, added if keep is None else _selected(added, keep), keep)


def _selected(data: dict[str, Any], keep: frozenset[str]) -> dict[str, Any]:
    """Return the fields that a compiled reader with `keep` would have read."""
    return {name: value for name, value in data.items() if name in keep and (value or value == 0)}


def _completing_reader(writer: Any, added: dict[str, Any], keep: frozenset[str] | None) -> Reader:
    """Return a reader that is as fast for an older version as for the newest; resolution would take four times as long.

    During a rollout most records are of the version before.
    """
    read_written = make_reader(writer, keep)
    if not added:
        return read_written

    # Whoever changes a list or a map of a record must not change that of the next.
    containers = {name: type(default) for name, default in added.items() if isinstance(default, list | dict)}

    def read(value: bytes, position: int) -> tuple[dict[str, Any], int]:
        data, end = read_written(value, position)
        data.update(added)
        for name, container in containers.items():
            data[name] = container()
        return data, end

    return read


def _resolving_reader(
    writer: Any, reader: Any, keep: frozenset[str] | None, conversion: Conversion | None = None
) -> Reader:
    """Return a reader that shows records of a schema as another has them, after `conversion` to its logical types."""

    def read(value: bytes, position: int) -> tuple[dict[str, Any], int]:
        body = io.BytesIO(value)
        body.seek(position)
        try:
            data: Any = schemaless_reader(body, writer, reader)
        except IndexError as error:  # of a branch or symbol, while that of a compiled reader is the end of the bytes
            raise ValueError(str(error)) from error
        if conversion is not None:
            data = conversion(data)
        return data if keep is None else _selected(data, keep), body.tell()

    return read
