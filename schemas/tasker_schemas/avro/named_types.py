"""Named types of a schema, which it defines once and refers to by name afterwards."""

from collections.abc import Mapping
from typing import Any

NAMED_KINDS = ("record", "error", "enum", "fixed")


def definitions(schema: Any) -> dict[str, Any]:
    """Return the types that a schema defines, by their short names.

    >>> list(definitions({"type": "array", "items": {"type": "fixed", "name": "tasker.Hash", "size": 8}}))
    ['Hash']
    """
    if isinstance(schema, list):
        return {name: defined for part in schema for name, defined in definitions(part).items()}
    if not isinstance(schema, Mapping):
        return {}
    inner = [schema.get("items"), schema.get("values"), *(field.get("type") for field in schema.get("fields", ()))]
    if not isinstance(schema.get("type"), str):
        inner.append(schema.get("type"))
    types = definitions(inner)
    return types | {short_name(schema): schema} if schema.get("type") in NAMED_KINDS else types


def resolved(declared: Any, types: Mapping[str, Any]) -> Any:
    """Return a type without references, which are looked up in `types`, and without needless wrappers."""
    while True:
        if isinstance(declared, str) and declared.rpartition(".")[2] in types:
            declared = types[declared.rpartition(".")[2]]
        elif isinstance(declared, Mapping) and not isinstance(declared["type"], str):
            declared = declared["type"]
        else:
            return declared


def short_name(declared: Mapping[str, Any]) -> str:
    """Return the name of a type without its namespace."""
    return str(declared.get("name", "")).rpartition(".")[2]
