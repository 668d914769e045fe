"""Rules that every schema file keeps, so that records of any age can be read by readers of any age."""

from __future__ import annotations

from typing import Any

import pytest

from tasker_schemas.avro.guard import check_writer_schema
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, Schema, all_schemas, fingerprint_of

IDENTITY = {
    "TaskEvent": {"event_id", "event_name", "timestamp", "task_id"},
    "StepEvent": {"event_id", "event_name", "timestamp", "task_id", "step_id"},
    "WorkflowEvent": {"event_id", "event_name", "timestamp", "task_id"},
    "ObservabilityEvent": {"event_id", "event_name", "timestamp", "task_id"},
    "CustomEvent": {"event_id", "event_name", "timestamp"},
    "TaskStats": {"task_id"},
    "StatsWindow": {"kind", "name", "window_start", "window_s", "partition"},
}

# A published version never changes: it is on topics, in archives, in registries. A new field means a new file.
FINGERPRINTS: dict[str, str] = {
    "CustomEvent.v1": "2a0f99a01d489f75",
    "CustomEvent.v2": "8c5c0cdfd3815c06",
    "ObservabilityEvent.v1": "9efe9dca9ce99abd",
    "ObservabilityEvent.v2": "50a64836d0a1cdf4",
    "StatsWindow.v1": "25916fff99ec752d",
    "StatsWindow.v2": "fea28c88e0daf1e8",
    "StepEvent.v1": "0e40877286f3883e",
    "StepEvent.v2": "9ab86ec881aeb2fb",
    "StepEvent.v3": "411ebc076d0e1e01",
    "TaskEvent.v1": "56c7cb973c25c247",
    "TaskEvent.v2": "46cc0fde02d07fcb",
    "TaskStats.v1": "ffecc3fd12579da0",
    "TaskStats.v2": "f0c17916c26ed1fe",
    "WorkflowEvent.v1": "81f31da54fe79923",
    "WorkflowEvent.v2": "e3e53b7ffc1fbaa2",
}

every_schema = pytest.mark.parametrize("schema", all_schemas(), ids=lambda s: f"{s.record}.v{s.version}")


@every_schema
def test_all_fields_but_the_identity_have_a_default(schema: Schema) -> None:
    without = {field["name"] for field in schema.declared["fields"] if "default" not in field}
    assert without == IDENTITY[schema.record]


@every_schema
def test_every_enum_has_a_default_for_names_that_come_later(schema: Schema) -> None:
    enums = [part for part in parts_of(schema.declared) if part.get("type") == "enum"]
    assert [enum["name"] for enum in enums if enum.get("default") not in enum["symbols"]] == []


@every_schema
def test_every_timestamp_counts_microseconds_since_the_epoch(schema: Schema) -> None:
    for field in schema.declared["fields"]:
        if field["name"] == "timestamp" or field["name"].endswith("_at"):
            assert {"type": "long", "logicalType": "timestamp-micros"} in (field["type"], *field["type"])


@every_schema
def test_every_field_says_what_it_means(schema: Schema) -> None:
    assert [field["name"] for field in schema.declared["fields"] if not field.get("doc")] == []


@every_schema
def test_every_shipped_schema_passes_its_own_guard(schema: Schema) -> None:
    check_writer_schema(schema.declared, schema.full_name)


@every_schema
def test_a_published_version_never_changes(schema: Schema) -> None:
    assert FINGERPRINTS[f"{schema.record}.v{schema.version}"] == fingerprint_of(schema.declared).hex()


def test_every_family_has_its_record_and_versions_have_no_gap() -> None:
    versions: dict[str, list[int]] = {}
    for schema in all_schemas():
        versions.setdefault(schema.record, []).append(schema.version)
    assert versions.keys() == {*RECORD_OF_FAMILY.values(), "TaskStats", "StatsWindow"}
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())


def parts_of(schema: Any) -> list[dict[str, Any]]:
    """Return every mapping in a schema, however deep."""
    if isinstance(schema, dict):
        return [schema, *(part for value in schema.values() for part in parts_of(value))]
    if isinstance(schema, list):
        return [part for value in schema for part in parts_of(value)]
    return []
