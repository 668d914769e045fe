"""Any Python value as masked, bounded plain data: for JSON text, and for an event's flat attributes.

Nothing here raises for a value, whatever it is: cycles, depth and size have limits, and what has no plain form becomes
its masked `repr`. Data that were cut are reported, so that the record can say so.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from tasker_producer.masking import Decision, Masker

MAX_DEPTH = 16
MAX_NODES = 10_000
MAX_TEXT = 200_000  # characters, of one text and of all texts of one value
MAX_KEY = 500
CUT = "[TRUNCATED]"

Scalar = None | bool | int | float | str
_LONG = range(-(1 << 63), 1 << 63)
_BYTES = (bytes, bytearray, memoryview)
_TEXTS = (str, *_BYTES, BaseException, UUID, PurePath, Decimal, date, time, timedelta)


class PlainValues:
    """Turns values into masked plain data."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker

    def json_text(self, value: Any) -> tuple[str, bool]:
        """Return a value as masked JSON text, and whether some of it was cut."""
        walk = _Walk(self._masker)
        return json.dumps(walk.plain(value, ()), ensure_ascii=False, separators=(",", ":")), walk.cut

    def attributes(self, values: Mapping[Any, Any]) -> tuple[dict[str, Scalar], bool]:
        """Return values as an event's flat, masked attributes, nested ones as JSON text; and whether some were cut."""
        flat: dict[str, Scalar] = {}
        masker = self._masker
        cut = False
        for name, value in values.items():
            key = name if _is_plain_key(name) else masker.scrub(str(name)[:MAX_KEY])
            decision = masker.decide(key)
            if decision is not Decision.SHOW and (decision is Decision.HIDE or masker.hides((key,), value)):
                flat[key] = masker.mask
            elif type(value) is str and len(value) <= MAX_TEXT:
                flat[key] = masker.scrub(value)
            elif value is None or type(value) is bool or type(value) is float:
                flat[key] = value
            elif type(value) is int:
                flat[key] = value if value in _LONG else _digits(value)
            else:
                flat[key], was_cut = self._nested(key, value)
                cut = cut or was_cut
        return flat, cut

    def _nested(self, key: str, value: Any) -> tuple[Scalar, bool]:
        walk = _Walk(self._masker)
        plain = walk.plain(value, (key,))
        if isinstance(plain, (dict, list)):
            return json.dumps(plain, ensure_ascii=False, separators=(",", ":")), walk.cut
        return plain, walk.cut


class _Walk:
    """One walk over one value: counts what it has seen, and remembers whether it had to cut."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._left = MAX_NODES
        self._room = MAX_TEXT
        self._above: set[int] = set()
        self.cut = False

    def plain(self, value: Any, path: tuple[str, ...]) -> Any:
        kind = type(value)
        self._left -= 1
        if kind is str:
            return self._text(value)
        if value is None or kind is bool or kind is int or kind is float:
            return _number(value)
        if self._left <= 0 or len(self._above) >= MAX_DEPTH or id(value) in self._above:
            self.cut = True
            return CUT
        self._above.add(id(value))
        try:
            return self._compound(value, path)
        except Exception as error:  # noqa: BLE001  any object's own code may run here, and may do anything
            return f"<{kind.__name__}: {type(error).__name__}>"
        finally:
            self._above.discard(id(value))

    def _text(self, value: str) -> str:
        if len(value) > self._room:
            self.cut = True
            value = value[: self._room]
        self._room -= len(value)
        return self._masker.scrub(value)

    def _compound(self, value: Any, path: tuple[str, ...]) -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value.items(), path)
        if isinstance(value, (list, tuple, set, frozenset)):
            names = getattr(value, "_fields", None)  # a named tuple's
            return self._items(value, path) if names is None else self._mapping(zip(names, value, strict=False), path)
        if isinstance(value, Enum):
            return self.plain(value.value, path)
        if isinstance(value, _TEXTS):
            return self._text(_as_text(value))
        if isinstance(value, (int, float)):  # subclasses
            return _number(int(value) if isinstance(value, int) else float(value))
        return self._object(value, path)

    def _object(self, value: Any, path: tuple[str, ...]) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            return self._mapping(((f.name, getattr(value, f.name)) for f in fields(value)), path)
        public = {k: v for k, v in getattr(value, "__dict__", {}).items() if not k.startswith("_")}
        if public and not isinstance(value, type) and not callable(value):
            return self._mapping(public.items(), path)
        return self._text(repr(value))

    def _mapping(self, items: Any, path: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        masker = self._masker
        for name, value in items:
            if self._left <= 0:
                self.cut = True
                break
            key = name if _is_plain_key(name) else self._text(str(name)[:MAX_KEY])
            below = (*path, key)
            decision = masker.decide(key)
            if decision is not Decision.SHOW and (decision is Decision.HIDE or masker.hides(below, value)):
                found[key] = masker.mask
            else:
                found[key] = self.plain(value, below)
        return found

    def _items(self, values: Any, path: tuple[str, ...]) -> list[Any]:
        found = []
        for value in values:
            if self._left <= 0:
                self.cut = True
                break
            found.append(self.plain(value, path))
        return found


def _is_plain_key(name: Any) -> bool:
    """Return whether a key may stand as it is: it is short text and holds no pair of its own."""
    return type(name) is str and len(name) <= MAX_KEY and "=" not in name and ":" not in name


def _number(value: Any) -> Any:
    """Return a number, true, false or null as JSON has it."""
    if type(value) is float and not math.isfinite(value):
        return repr(value)
    return _digits(value) if type(value) is int and value not in _LONG else value


def _as_text(value: Any) -> str:
    if isinstance(value, _BYTES):
        return bytes(value[:MAX_TEXT]).decode("utf-8", "backslashreplace")
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def _digits(number: int) -> str:
    """Return a number too large for Avro's long as text; Python refuses to write very long ones in decimal."""
    return str(number) if number.bit_length() < 1 << 12 else hex(number)[:MAX_TEXT]
