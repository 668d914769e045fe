"""JSON that every parser reads: numbers that JSON does not have become null."""

import json
from math import isfinite
from typing import Any


def strict_json(document: Any, *, indent: int | None = None) -> str:
    """Return a document as JSON text, with null for NaN and the infinities.

    >>> strict_json({"ratio": float("nan"), "total": 1})
    '{"ratio": null, "total": 1}'
    """
    try:
        return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent)
    except ValueError:
        return json.dumps(_without_nan(document), ensure_ascii=False, allow_nan=False, indent=indent)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return value
