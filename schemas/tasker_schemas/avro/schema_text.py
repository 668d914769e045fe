"""Schemas in words: a type as a short phrase, and the differences of two versions as lines."""

from collections.abc import Mapping
from typing import Any

from tasker_schemas.avro.named_types import short_name


def differences(older: Mapping[str, Any], newer: Mapping[str, Any]) -> list[str]:
    """Return what a version adds (`+`), drops (`-`) and changes (`~`), a line for each field.

    >>> old = {"fields": [{"name": "a", "type": "int"}]}
    >>> differences(old, {"fields": [{"name": "b", "type": ["null", "string"], "default": None}]})
    ['- a: int', '+ b: null or string = null']
    """
    old_fields = {field["name"]: _field_text(field) for field in older["fields"]}
    new_fields = {field["name"]: _field_text(field) for field in newer["fields"]}
    removed = [f"- {name}: {text}" for name, text in old_fields.items() if name not in new_fields]
    changed = [
        f"~ {name}: {old_fields[name]} -> {text}"
        for name, text in new_fields.items()
        if old_fields.get(name, text) != text
    ]
    return removed + changed + [f"+ {name}: {text}" for name, text in new_fields.items() if name not in old_fields]


def _field_text(field: Mapping[str, Any]) -> str:
    default = f" = {_value_text(field['default'])}" if "default" in field else ""
    return f"{type_text(field['type'])}{default}"


def _value_text(value: Any) -> str:
    return "null" if value is None else repr(value)


def type_text(declared: Any) -> str:
    """Return a type as a short phrase."""
    match declared:
        case list():
            text = " or ".join(type_text(branch) for branch in declared)
        case {"type": "array", "items": inner}:
            text = f"array of {type_text(inner)}"
        case {"type": "map", "values": inner}:
            text = f"map of {type_text(inner)}"
        case {"type": "enum", "symbols": symbols}:
            text = f"enum {short_name(declared)} ({', '.join(symbols)})"
        case {"type": "record" | "fixed" as kind}:
            text = f"{kind} {short_name(declared)}"
        case {"type": inner, "logicalType": logical}:
            text = f"{inner} ({logical})"
        case {"type": inner}:
            text = type_text(inner)
        case name:
            text = str(name)
    return text
