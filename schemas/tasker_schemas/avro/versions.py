"""Every version of every record that ever existed, as the `.avsc` files beside this module."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form

from tasker_schemas.names import Family

NAMESPACE = "tasker.events"
RECORD_OF_FAMILY: Mapping[Family, str] = {
    Family.TASK: "TaskEvent",
    Family.STEP: "StepEvent",
    Family.WORKFLOW: "WorkflowEvent",
    Family.OBSERVABILITY: "ObservabilityEvent",
    Family.CUSTOM: "CustomEvent",
}
#: The records of the statistics: of a task, and of a window of time.
TASK_STATS, STATS_WINDOW = "TaskStats", "StatsWindow"


@dataclass(frozen=True, slots=True)
class Schema:
    """A version of a record.

    `plain` is the schema without logical types, ready for fastavro: the bytes are those of the declared schema, while
    timestamps stay integers (microseconds, UTC), which costs less than datetimes.
    """

    record: str
    version: int
    declared: dict[str, Any]
    plain: Any
    fingerprint: bytes

    @property
    def full_name(self) -> str:
        """The record's name with its namespace."""
        return f"{NAMESPACE}.{self.record}"


def without_logical_types(schema: Any) -> Any:
    """Return the same schema with plain types in the place of logical types.

    >>> without_logical_types({"type": "long", "logicalType": "timestamp-micros"})
    {'type': 'long'}
    """
    if isinstance(schema, Mapping):
        return {k: without_logical_types(v) for k, v in schema.items() if k != "logicalType"}
    if isinstance(schema, list):
        return [without_logical_types(branch) for branch in schema]
    return schema


def prepared(declared: dict[str, Any]) -> Any:
    """Return a schema that fastavro reads and writes with, timestamps as integers."""
    return parse_schema(without_logical_types(declared))


def fingerprint_of(declared: dict[str, Any]) -> bytes:
    """Return the CRC-64-AVRO fingerprint of a schema: 8 bytes, little-endian (Avro 1.12, single-object encoding)."""
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(declared), "CRC-64-AVRO"))


@cache
def all_schemas() -> tuple[Schema, ...]:
    """Return every shipped schema, by record and version."""
    schemas = []
    for file in (files("tasker_schemas") / "avro").iterdir():
        stem, dot, version = file.name.removesuffix(".avsc").rpartition(".v")
        if dot and file.name.endswith(".avsc"):
            declared = json.loads(file.read_text())
            record = "".join(part.title() for part in stem.split("_"))
            schemas.append(Schema(record, int(version), declared, prepared(declared), fingerprint_of(declared)))
    return tuple(sorted(schemas, key=lambda schema: (schema.record, schema.version)))


@cache
def latest(record: str) -> Schema:
    """Return the newest version of a record."""
    return max((s for s in all_schemas() if s.record == record), key=lambda schema: schema.version)


@cache
def by_fingerprint() -> Mapping[bytes, Schema]:
    """Return every shipped schema by its fingerprint."""
    return {schema.fingerprint: schema for schema in all_schemas()}


def added_fields(older: Any, newer: Any) -> dict[str, Any] | None:
    """Return the defaults of the fields that `newer` adds; None if it changes more, or adds filled lists."""
    types = {field["name"]: field["type"] for field in older["fields"]}
    new_types = {field["name"]: field["type"] for field in newer["fields"]}
    if any(new_types.get(name) != declared for name, declared in types.items()):
        return None
    added = {field["name"]: field.get("default") for field in newer["fields"] if field["name"] not in types}
    filled = any(isinstance(default, list | dict) and default for default in added.values())
    return None if filled else added
