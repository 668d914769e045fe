"""Schemas that somebody wants to use, and their problems with the shipped versions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tasker_schemas.avro.compatibility import breaks
from tasker_schemas.avro.guard import check_writer_schema
from tasker_schemas.avro.losses import losses
from tasker_schemas.avro.versions import NAMESPACE, Schema, all_schemas, latest, prepared
from tasker_schemas.errors import PoisonRecord, UsageError
from tasker_schemas.registry.client import SchemaRegistry, subjects


class Candidate(NamedTuple):
    """A schema, and the versions that it must be able to read; `newest` means that a registry can be asked about it."""

    title: str
    record: str
    declared: dict[str, Any]
    earlier: tuple[Schema, ...]
    newest: bool = True


def shipped() -> list[Candidate]:
    """Return every shipped version; each must read those before it."""
    return [
        Candidate(
            f"{schema.record} version {schema.version}",
            schema.record,
            schema.declared,
            tuple(older for older in versions(schema.record).values() if older.version < schema.version),
            schema is latest(schema.record),  # a registry compares with all it has, the later ones too
        )
        for schema in all_schemas()
    ]


def from_file(file: Path) -> Candidate:
    """Return the schema in a file, which must read every shipped version of its record.

    Raises UsageError for a file that holds no version of our records.
    """
    try:
        declared = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{file} holds no JSON that can be read: {error}") from error
    record = str(declared.get("name")) if isinstance(declared, dict) else "no record"
    shipped_versions = versions(record)
    try:
        check_writer_schema(declared, f"{NAMESPACE}.{record}")
        prepared(declared)
    except PoisonRecord as error:
        raise UsageError(f"{file}: {error.detail}") from error
    except Exception as error:  # fastavro's objections have no class in common
        raise UsageError(f"{file} holds no Avro schema: {error!r}") from error
    return Candidate(f"{record} in {file.name}", record, declared, tuple(shipped_versions.values()))


def versions(record: str) -> dict[int, Schema]:
    """Return the shipped versions of a record by their numbers; raises UsageError for a record that is none of ours."""
    shipped_versions = {schema.version: schema for schema in all_schemas() if schema.record == record}
    if not shipped_versions:
        raise UsageError(f"{record!r} is none of our records, which are {', '.join(subjects())}")
    return shipped_versions


def problems(candidate: Candidate, registry: SchemaRegistry | None, prefix: str) -> Iterator[str]:
    """Yield the problems of a schema: versions that it cannot read, and a registry that would refuse it."""
    yield from map(str, breaks(candidate.declared, candidate.earlier))
    yield from map(str, losses(candidate.declared, candidate.earlier))
    if registry is not None and candidate.newest:
        subject = subjects(prefix)[candidate.record]
        if not registry.is_compatible(subject, candidate.declared):
            yield f"cannot read every version of {subject} in the registry"
