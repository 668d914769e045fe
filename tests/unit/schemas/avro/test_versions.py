"""The shipped versions: the plain form writes the bytes of the declared form, and a fingerprint ignores all else."""

import io
from typing import Any

import pytest
from fastavro import parse_schema, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.avro.versions import (
    NAMESPACE,
    RECORD_OF_FAMILY,
    Schema,
    all_schemas,
    by_fingerprint,
    fingerprint_of,
    latest,
    prepared,
    without_logical_types,
)
from tasker_schemas.names import Family

every_schema = pytest.mark.parametrize("schema", all_schemas(), ids=lambda schema: f"{schema.record}.v{schema.version}")
LOGICAL = {"type": "long", "logicalType": "timestamp-micros"}


def bytes_of(schema: Any, value: Any) -> bytes:
    body = io.BytesIO()
    schemaless_writer(body, schema, value)
    return body.getvalue()


def test_the_fingerprint_is_the_fingerprint_of_the_avro_specification() -> None:
    # Known from other implementations: CRC-64-AVRO of "null" and "int".
    assert fingerprint_of("null").hex() == "8a8f25cce724dd63"  # type: ignore[arg-type]
    assert fingerprint_of("int").hex() == "8f5c393f1ad57572"  # type: ignore[arg-type]


@every_schema
def test_a_fingerprint_depends_on_the_fields_and_not_on_their_docs(schema: Schema) -> None:
    fields = schema.declared["fields"]
    undocumented = [{name: field[name] for name in field if name != "doc"} for field in fields]
    assert fingerprint_of({**schema.declared, "fields": undocumented}) == schema.fingerprint
    assert fingerprint_of({**schema.declared, "fields": fields[:-1]}) != schema.fingerprint


@every_schema
def test_a_fingerprint_leads_to_its_schema_alone(schema: Schema) -> None:
    assert by_fingerprint()[schema.fingerprint] is schema
    assert len(by_fingerprint()) == len(all_schemas())
    assert len(schema.fingerprint) == 8


@every_schema
def test_a_file_holds_the_record_that_its_name_says(schema: Schema) -> None:
    assert schema.full_name == f"{NAMESPACE}.{schema.record}"
    assert f"{schema.declared['namespace']}.{schema.declared['name']}" == schema.full_name


@every_schema
def test_the_latest_version_is_not_older_than_any(schema: Schema) -> None:
    newest = latest(schema.record)
    assert newest.record == schema.record
    assert newest.version >= schema.version


def test_schemas_come_by_record_and_version() -> None:
    order = [(schema.record, schema.version) for schema in all_schemas()]
    assert order == sorted(set(order))


@pytest.mark.parametrize("family", Family)
def test_every_family_has_its_record(family: Family) -> None:
    assert latest(RECORD_OF_FAMILY[family]).record.removesuffix("Event").lower() == family.value


TYPES = st.recursive(
    st.sampled_from(["string", LOGICAL, {"type": "int", "logicalType": "date"}]),
    lambda inner: st.one_of(
        inner.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda branch: ["null", branch] if not isinstance(branch, list) else branch),
    ),
)


@given(TYPES)
def test_no_logical_type_remains_at_any_depth(declared: Any) -> None:
    plain = without_logical_types(declared)
    assert "logicalType" not in repr(plain)
    assert fingerprint_of(plain) == fingerprint_of(declared)


@given(st.integers(-(2**63), 2**63 - 1))
def test_the_plain_form_writes_the_bytes_of_the_declared_form(time: int) -> None:
    declared: dict[str, Any] = {"type": "record", "name": "R", "fields": [{"name": "at", "type": LOGICAL}]}
    assert bytes_of(prepared(declared), {"at": time}) == bytes_of(parse_schema(declared), {"at": time})
    assert declared["fields"][0]["type"] == LOGICAL
