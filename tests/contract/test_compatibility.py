"""BACKWARD_TRANSITIVE: every version of a record can read the records of all versions before it, and a little more."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import pytest
from fastavro import schemaless_reader

from tasker_schemas.avro.compatibility import breaks, unreadable
from tasker_schemas.avro.versions import Schema, all_schemas, latest
from tests.support.schemas.golden_examples import GoldenExample, golden_examples

# Of the whole schema but its documentation: a default or a logical type is not part of the fingerprint on the wire.
PUBLISHED = {
    "CustomEvent.v1": "497d2c8c8b8732cd",
    "CustomEvent.v2": "a8f23d5368df34e0",
    "ObservabilityEvent.v1": "23ff4660f5248c52",
    "ObservabilityEvent.v2": "8290d60dbe30ef5b",
    "StatsWindow.v1": "861bc1957d82624c",
    "StatsWindow.v2": "ada29bb2e9b6275a",
    "StepEvent.v1": "c6b7ee74e5b2f39a",
    "StepEvent.v2": "18893681685b868a",
    "StepEvent.v3": "b3fa1ee1d559bd76",
    "TaskEvent.v1": "dcfb62f891333700",
    "TaskEvent.v2": "045108ced9a2580c",
    "TaskStats.v1": "0abed143603101b5",
    "TaskStats.v2": "2667cdc78a11d28a",
    "WorkflowEvent.v1": "6e06927376b890dc",
    "WorkflowEvent.v2": "77836a1d30695936",
}

every_schema = pytest.mark.parametrize("schema", all_schemas(), ids=lambda s: f"{s.record}.v{s.version}")
every_pair = pytest.mark.parametrize(
    ("older", "newer"),
    [(a, b) for a in all_schemas() for b in all_schemas() if a.record == b.record and a.version < b.version],
    ids=lambda schema: f"{schema.record}.v{schema.version}",
)


@every_schema
def test_a_version_reads_every_one_before_it(schema: Schema) -> None:
    earlier = [other for other in all_schemas() if other.record == schema.record and other.version <= schema.version]
    assert breaks(schema.declared, earlier) == []


@every_pair
def test_readers_that_know_only_an_older_version_can_read_the_newer_one(older: Schema, newer: Schema) -> None:
    assert unreadable(newer.declared, older.declared) == []


@every_schema
def test_nothing_but_the_documentation_of_a_published_version_may_change(schema: Schema) -> None:
    assert PUBLISHED[f"{schema.record}.v{schema.version}"] == digest_of(schema.declared)


@every_pair
def test_old_code_finds_in_a_newer_record_all_that_it_knows(older: Schema, newer: Schema) -> None:
    example = GoldenExample(newer)
    found = resolved(example, older)
    assert found == {name: value for name, value in example.expected().items() if name in names_of(older)}


@pytest.mark.parametrize("example", golden_examples(), ids=lambda e: f"{e.schema.record}.v{e.schema.version}")
def test_new_code_finds_defaults_for_what_an_older_record_could_not_say(example: GoldenExample) -> None:
    newest = latest(example.schema.record)
    defaults = {field["name"]: field.get("default") for field in newest.declared["fields"]}
    assert resolved(example, newest) == defaults | example.expected()


def resolved(example: GoldenExample, reader: Schema) -> Any:
    """Return an example as a reader of another version sees it, by Avro's own schema resolution."""
    body = io.BytesIO(example.single_object_file.read_bytes()[10:])
    return schemaless_reader(body, example.schema.plain, reader.plain)


def names_of(schema: Schema) -> set[str]:
    """Return the names of a schema's fields."""
    return {field["name"] for field in schema.declared["fields"]}


def digest_of(declared: dict[str, Any]) -> str:
    """Return 16 hex digits that stand for a schema without its documentation."""
    text = json.dumps(without_doc(declared), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def without_doc(part: Any) -> Any:
    """Return a schema without the words for its readers."""
    if isinstance(part, dict):
        return {key: without_doc(value) for key, value in part.items() if key != "doc"}
    return [without_doc(item) for item in part] if isinstance(part, list) else part
