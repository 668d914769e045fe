"""What a new version may not take from readers of earlier ones."""

import copy
from typing import Any

import pytest

from tasker_schemas.avro.losses import Loss, losses
from tasker_schemas.avro.versions import Schema, all_schemas, latest

RECORDS = sorted({schema.record for schema in all_schemas()})
REQUIRED = [(r, f["name"]) for r in RECORDS for f in latest(r).declared["fields"] if "default" not in f]
OPTIONAL = [(r, f["name"]) for r in RECORDS for f in latest(r).declared["fields"] if "default" in f]
INNER = {
    "type": "record",
    "name": "Inner",
    "fields": [{"name": "a", "type": "int"}, {"name": "lost", "type": "int"}],
}


def versions_of(record: str) -> list[Schema]:
    return [schema for schema in all_schemas() if schema.record == record]


def changed(record: str, name: str, change: Any) -> dict[str, Any]:
    """Return the newest version with one field changed by `change`, which returns None to take it away."""
    declared = copy.deepcopy(latest(record).declared)
    fields = [change(field) if field["name"] == name else field for field in declared["fields"]]
    return {**declared, "fields": [field for field in fields if field is not None]}


@pytest.mark.parametrize("schema", all_schemas(), ids=lambda s: f"{s.record}.v{s.version}")
def test_no_shipped_version_takes_anything_from_earlier_readers(schema: Schema) -> None:
    earlier = [other for other in versions_of(schema.record) if other.version <= schema.version]
    assert losses(schema.declared, earlier) == []


@pytest.mark.parametrize(("record", "name"), REQUIRED)
def test_a_field_without_a_default_may_not_go(record: str, name: str) -> None:
    found = losses(changed(record, name, lambda _: None), versions_of(record))
    assert found == [Loss(s.version, name, "is gone and had no default") for s in versions_of(record)]
    assert str(found[0]) == f"breaks readers of version 1: {name}: is gone and had no default"


@pytest.mark.parametrize(("record", "name"), REQUIRED)
def test_a_field_without_a_default_may_be_renamed_with_an_alias_only(record: str, name: str) -> None:
    renamed = changed(record, name, lambda field: {**field, "name": "renamed"})
    assert {loss.field for loss in losses(renamed, versions_of(record))} == {name}
    with_alias = changed(record, name, lambda field: {**field, "name": "renamed", "aliases": [name]})
    assert losses(with_alias, versions_of(record)) == []


@pytest.mark.parametrize(("record", "name"), OPTIONAL)
def test_a_default_may_not_be_taken_away_but_the_field_may(record: str, name: str) -> None:
    def without_default(field: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in field.items() if key != "default"}

    found = losses(changed(record, name, without_default), versions_of(record))
    assert {(loss.field, loss.problem) for loss in found} == {(name, "has lost its default")}
    assert losses(changed(record, name, lambda _: None), versions_of(record)) == []


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: inner,
        lambda inner: ["null", inner],
        lambda inner: {"type": "array", "items": inner},
        lambda inner: {"type": "map", "values": ["null", inner]},
        lambda inner: {"type": {"type": "array", "items": {"type": "array", "items": inner}}},
    ],
)
def test_a_field_of_a_nested_record_may_not_go_either(wrap: Any) -> None:
    def record_of(inner: Any) -> dict[str, Any]:
        return {"type": "record", "name": "R", "fields": [{"name": "a", "type": wrap(inner)}]}

    older, fewer = record_of(INNER), record_of({**INNER, "fields": INNER["fields"][:1]})
    found = losses(fewer, [Schema("R", 1, older, older, b"")])
    assert found == [Loss(1, "a.lost", "is gone and had no default")]


def test_a_nested_record_that_is_only_referred_to_is_looked_at_too() -> None:
    older = {"type": "record", "name": "R", "fields": [{"name": "a", "type": INNER}, {"name": "b", "type": "Inner"}]}
    newer = copy.deepcopy(older)
    newer["fields"][0]["type"]["fields"].pop()  # type: ignore[index]
    assert [loss.field for loss in losses(newer, [Schema("R", 1, older, older, b"")])] == ["a.lost", "b.lost"]
