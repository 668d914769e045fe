"""The golden examples: one record of each schema version, as bytes that must stay readable for ever.

`schemas/examples/<record>.v<version>.json` says what the record holds; beside it are its bytes in both framings. They
are written once, when a version is born: `python -m tests.support.schemas.golden_examples` writes
those that are missing and never touches one that exists.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasker_schemas.avro.codec import confluent_frame, encode
from tasker_schemas.avro.versions import Schema, all_schemas, latest

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"
REGISTRY_ID = 4711  # what a registry could have called the schema


@dataclass(frozen=True, slots=True)
class GoldenExample:
    """One record of one schema version."""

    schema: Schema

    @property
    def expected_file(self) -> Path:
        """The record as JSON, by the field names of its version."""
        return self._file("json")

    @property
    def single_object_file(self) -> Path:
        """The record with the schema's fingerprint before it."""
        return self._file("single_object.bin")

    @property
    def confluent_file(self) -> Path:
        """The record with a registry's id before it."""
        return self._file("confluent.bin")

    @property
    def files(self) -> tuple[Path, Path, Path]:
        """All files of the example."""
        return self.expected_file, self.single_object_file, self.confluent_file

    def expected(self) -> dict[str, Any]:
        """Return what a reader must find in the bytes."""
        found: dict[str, Any] = json.loads(self.expected_file.read_text(encoding="utf-8"))
        return found

    def _file(self, ending: str) -> Path:
        snake = re.sub(r"(?<!^)(?=[A-Z])", "_", self.schema.record).lower()
        return EXAMPLES / f"{snake}.v{self.schema.version}.{ending}"


def golden_examples() -> list[GoldenExample]:
    """Return the example of every shipped schema version."""
    return [GoldenExample(schema) for schema in all_schemas()]


def _sample(name: str, declared: Any, named: dict[str, Any]) -> Any:
    """Return a value that a careless change of the type would not survive."""
    found: Any
    match named.get(declared, declared) if isinstance(declared, str) else declared:
        case [*_, branch]:
            found = _sample(name, branch, named)
        case {"type": "array", "items": {"type": "record"} as items}:
            found = [_sample(name, items, named)] * 2
        case {"type": "array"}:
            found = [f"{name} 1", "second line ✓"]
        case {"type": "map", "values": "long"}:
            found = {"-1": 1, "690": 1_748_779_200_123_456}
        case {"type": "map"}:
            found = {"nothing": None, "yes": True, "count": -7, "ratio": 0.25, "text": "naïve ✓"}
        case {"type": "enum", "symbols": symbols, "name": enum}:
            named[enum] = {"type": "enum", "symbols": symbols, "name": enum}
            found = symbols[-1]
        case {"type": "record", "fields": fields}:
            found = {field["name"]: _sample(field["name"], field["type"], named) for field in fields}
        case {"type": inner}:
            found = _sample(name, inner, named)
        case primitive:
            found = _PRIMITIVE_SAMPLES.get(primitive, f"{name} Ω")
    return found


_PRIMITIVE_SAMPLES = {"int": 300, "long": 1_748_779_200_123_456, "double": 2.34, "boolean": True}


def write_missing_examples() -> list[Path]:
    """Write the examples of new schema versions; return the files written."""
    written: list[Path] = []
    for example in golden_examples():
        if example.expected_file.exists() or example.schema is not latest(example.schema.record):
            continue
        record = _sample("", example.schema.declared, {})
        body = {
            example.single_object_file: encode(example.schema.record, record),
            example.confluent_file: encode(example.schema.record, record, confluent_frame(REGISTRY_ID)),
        }
        text = json.dumps(record, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        example.expected_file.write_text(text, encoding="utf-8")
        for file, data in body.items():
            file.write_bytes(data)
        written += example.files
    return written


if __name__ == "__main__":
    for path in write_missing_examples():
        print(path.name)  # noqa: T201  the command's result
