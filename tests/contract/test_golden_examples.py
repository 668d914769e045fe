"""What was written once can be read for ever."""

from __future__ import annotations

import io
from typing import Any

import pytest
from fastavro import schemaless_reader

from tasker_schemas.avro.codec import Decoder
from tasker_schemas.avro.versions import Schema, all_schemas, latest
from tests.support.schemas.golden_examples import EXAMPLES, REGISTRY_ID, GoldenExample, golden_examples

every_example = pytest.mark.parametrize(
    "example", golden_examples(), ids=lambda example: f"{example.schema.record}.v{example.schema.version}"
)


@every_example
def test_each_schema_version_has_an_example_in_both_framings(example: GoldenExample) -> None:
    missing = [file.name for file in example.files if not file.exists()]
    assert missing == [], "write them: python -m tests.support.schemas.golden_examples"


def test_no_example_lacks_its_schema_version() -> None:
    claimed = {file.name for example in golden_examples() for file in example.files}
    assert {file.name for file in EXAMPLES.iterdir()} - claimed == {"README.md"}


@every_example
def test_an_example_with_a_fingerprint_reads_as_it_was_written(example: GoldenExample) -> None:
    found = Decoder().decode(example.schema.record, example.single_object_file.read_bytes())
    assert found == with_defaults(example)


@every_example
def test_an_example_with_a_registry_id_reads_as_it_was_written(example: GoldenExample) -> None:
    decoder = Decoder({REGISTRY_ID: example.schema.declared}.__getitem__)
    assert decoder.decode(example.schema.record, example.confluent_file.read_bytes()) == with_defaults(example)


@pytest.mark.parametrize(
    ("example", "reader"),
    [
        (example, reader)
        for example in golden_examples()
        for reader in all_schemas()
        if reader.record == example.schema.record and reader.version >= example.schema.version
    ],
    ids=lambda part: f"v{part.version}" if isinstance(part, Schema) else part.schema.record,
)
def test_every_version_reads_the_examples_of_all_before_it(example: GoldenExample, reader: Schema) -> None:
    body = io.BytesIO(example.single_object_file.read_bytes()[10:])
    found: Any = schemaless_reader(body, example.schema.plain, reader.plain)
    known = {field["name"] for field in reader.declared["fields"]}
    assert {name: found[name] for name in known & set(example.expected())} == {
        name: value for name, value in example.expected().items() if name in known
    }


@every_example
def test_an_example_says_something_in_every_field(example: GoldenExample) -> None:
    fields = {field["name"]: field.get("default") for field in example.schema.declared["fields"]}
    expected = example.expected()
    assert expected.keys() == fields.keys()
    assert [name for name, default in fields.items() if expected[name] == default] == []


def with_defaults(example: GoldenExample) -> dict[str, Any]:
    """The example as the newest version shows it."""
    newest = {field["name"]: field.get("default") for field in latest(example.schema.record).declared["fields"]}
    return newest | {name: value for name, value in example.expected().items() if name in newest}
