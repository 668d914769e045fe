"""Records drawn from the whole value space of a schema, and schemas of others that ours can read."""

from __future__ import annotations

import copy
import io
import struct
from typing import TYPE_CHECKING, Any

from fastavro import schemaless_writer

from tasker_schemas.avro.versions import NAMESPACE

if TYPE_CHECKING:
    from random import Random

_TEXTS = ["", "a", "0", "task-1", "\x00", "é" * 40, "\U0001f600", "{}", "null", "x" * 1_200, " \n\t", "\u202e"]
_LONGS = [0, 1, -1, 2**31 - 1, 2**31, -(2**31), 2**63 - 1, -(2**63), 1_700_000_000_000_000, 1_700_000_000_000]
_INTS = [0, 1, 2, -1, 100, 2**31 - 1, -(2**31)]
_DOUBLES = [0.0, -0.0, 1.5, -1.0, 1e300, 1e-320, float("inf"), float("-inf"), float("nan"), 0.25]


def random_value(schema: Any, random: Random) -> Any:
    """Return any value that a schema takes."""
    return _Values(random, _named_types(schema)).of(schema)


class _Values:
    """Draws values; `named` has the types that a schema refers to by name."""

    def __init__(self, random: Random, named: dict[str, Any]) -> None:
        self._random = random
        self._named = named

    def of(self, schema: Any) -> Any:
        """Return a value of a type."""
        if isinstance(schema, list):
            return self.of(self._random.choice(schema))
        if isinstance(schema, dict):
            compound = getattr(self, f"_{schema['type']}", None) if isinstance(schema["type"], str) else None
            return self.of(schema["type"]) if compound is None else compound(schema)
        return self.of(self._named[schema]) if schema in self._named else self._primitive(schema)

    def _primitive(self, kind: str) -> Any:
        random = self._random
        choices: dict[str, list[Any]] = {
            "null": [None],
            "boolean": [True, False],
            "int": [*_INTS, random.getrandbits(16)],
            "long": [*_LONGS, 1_700_000_000_000_000 + random.getrandbits(32)],
            "float": _DOUBLES,
            "double": [*_DOUBLES, random.random() * 100],
            "string": [*_TEXTS, f"{random.getrandbits(32):08x}"],
            "bytes": [random.randbytes(random.randrange(50))],
        }
        return random.choice(choices[kind])

    def _enum(self, schema: Any) -> str:
        symbol: str = self._random.choice(schema["symbols"])
        return symbol

    def _array(self, schema: Any) -> list[Any]:
        return [self.of(schema["items"]) for _ in range(self._random.randrange(4))]

    def _map(self, schema: Any) -> dict[str, Any]:
        return {self._random.choice(_TEXTS): self.of(schema["values"]) for _ in range(self._random.randrange(4))}

    def _record(self, schema: Any) -> dict[str, Any]:
        return {field["name"]: self.of(field["type"]) for field in schema["fields"]}


def _named_types(schema: Any) -> dict[str, Any]:
    """Return the types that are defined anywhere in a schema, by name and by full name."""
    if isinstance(schema, list):
        return {name: found for part in schema for name, found in _named_types(part).items()}
    if not isinstance(schema, dict):
        return {}
    inner = [part for name in ("type", "items", "values", "fields") for part in [schema.get(name)] if part is not None]
    named = _named_types(inner)
    if "name" in schema and schema.get("type") in ("enum", "record", "fixed"):
        full_name = f"{schema.get('namespace', NAMESPACE)}.{schema['name'].rpartition('.')[2]}"
        named |= {schema["name"]: schema, full_name: schema}
    return named


def foreign(declared: dict[str, Any], random: Random) -> dict[str, Any]:
    """Return a schema that another team may have made of ours: fields in another order, some missing, some added."""
    schema = copy.deepcopy(declared)
    needed = {"event_id", "event_name", "task_id", "timestamp"}
    # Types are defined where they are used first: these fields stay, at the front.
    defining = [field for field in schema["fields"] if _named_types(field)]
    fields = [f for f in schema["fields"] if f not in defining and (f["name"] in needed or random.random() < 0.8)]
    random.shuffle(fields)
    fields = defining + fields
    added = {"name": f"added_{random.getrandbits(16)}", "type": ["null", "string", "long"], "default": None}
    schema["fields"] = [*fields, added]
    return schema


def encoded(prepared: Any, value: dict[str, Any], frame: bytes) -> bytes:
    """Return a value as fastavro writes it, behind a frame."""
    out = io.BytesIO(frame)
    out.seek(len(frame))
    schemaless_writer(out, prepared, value)
    return out.getvalue()


def registry_frame(schema_id: int) -> bytes:
    """Return the frame of a schema that a registry has under an id."""
    return b"\x00" + struct.pack(">I", schema_id)
