"""JSON that every parser reads: numbers that JSON does not have become null, and escapes stand for missing signs."""

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


def can_encode(text: str, encoding: str | None) -> bool:
    """Return whether an encoding has all signs of a text; None stands for a stream of text.

    >>> can_encode("größe", "latin-1"), can_encode("✔", "latin-1"), can_encode("✔", None)
    (True, False, True)
    """
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def json_for(document: Any, encoding: str | None) -> str:
    r"""Return a document as a line of JSON, with escapes if the encoding lacks one of its signs.

    >>> json_for({"name": "✔"}, "ascii")
    '{"name": "\\u2714"}'
    """
    text = strict_json(document)
    return text if can_encode(text, encoding) else json.dumps(json.loads(text))


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return value
