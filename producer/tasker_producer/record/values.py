"""Any Python value as masked, bounded plain data: as JSON text, and as an event's flat attributes.

Nothing here raises for a value, whatever it is: cycles, depth and size have limits, and a value without a plain form
becomes its masked `repr`. Data that were cut are reported, so that the record can say so. Values are masked and written
in one walk, since this runs on the caller's thread.
"""

import json
import math
from codecs import utf_8_decode
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from json.encoder import encode_basestring as quoted
from pathlib import PurePath
from typing import Any
from uuid import UUID

from tasker_producer.masking.detectors import may_hide
from tasker_producer.masking.masker import Decision, Masker
from tasker_producer.masking.structures import secret_entries, secret_positions

MAX_DEPTH = 16
MAX_NODES = 10_000
MAX_TEXT = 200_000  # characters, of a text, and of all texts of a value
CUT = '"[TRUNCATED]"'

# Python 3.11 looks members of an enumeration up slowly.
_SHOW, _HIDE, _DEPENDS = Decision.SHOW, Decision.HIDE, Decision.DEPENDS

Scalar = None | bool | int | float | str
_LONG = range(-(1 << 63), 1 << 63)
_NONE: AbstractSet[str] = frozenset()
_NO_POSITION: AbstractSet[int] = frozenset()
_BYTES = (bytes, bytearray, memoryview)
_MOMENTS = (date, time)
_TEXTS = (str, BaseException, UUID, PurePath, Decimal, date, time, timedelta)


class PlainValues:
    """Turns values into masked plain data."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker

    def json_text(self, value: Any) -> tuple[str, bool]:
        """Return a value as masked JSON text, and whether some of it was cut.

        >>> PlainValues(Masker()).json_text({"user": "ada", "password": "hunter2", "tags": ("a", None)})
        ('{"user":"ada","password":"[FILTERED]","tags":["a",null]}', False)
        """
        walk = _Walk(self._masker)
        return walk.json(value, ()), walk.cut

    def attributes(self, values: Mapping[Any, Any]) -> tuple[dict[str, Scalar], bool]:
        """Return values as an event's flat, masked attributes, nested ones as JSON text; and whether some were cut."""
        flat: dict[str, Scalar] = {}
        masker = self._masker
        decisions = masker.decisions
        hidden = secret_entries(values, masker.names_secret) if type(values) is dict else _NONE
        cut = False
        for name, value in values.items():
            key = name
            if hidden and name in hidden:
                flat[key] = masker.mask
                continue
            if decisions.get(name) is not _SHOW:
                key, decision = masker.judge(name)
                if decision is _HIDE or (decision is _DEPENDS and masker.hides((key,), value)):
                    flat[key] = masker.mask
                    continue
            kind = type(value)
            if kind is str and len(value) <= MAX_TEXT:
                flat[key] = masker.scrub(value) if may_hide(value) else value
            elif value is None or kind is bool or kind is float or (kind is int and value in _LONG):
                flat[key] = value
            else:
                flat[key], was_cut = self._nested(key, value)
                cut = cut or was_cut
        return flat, cut

    def _nested(self, key: str, value: Any) -> tuple[Scalar, bool]:
        walk = _Walk(self._masker)
        text = walk.json(value, (key,))
        plain = text if text[0] in "{[" else json.loads(text)
        return (plain if type(plain) is not int or plain in _LONG else text), walk.cut


class _Walk:
    """A walk over a value: counts the nodes and characters so far, and remembers whether some were cut."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._left = MAX_NODES
        self._room = MAX_TEXT
        self._above: set[int] = set()
        self.cut = False

    def json(self, value: Any, path: tuple[str, ...]) -> str:
        kind = type(value)
        if kind is str:
            return self._text(value)
        if value is None or kind is bool or kind is int or kind is float:
            return _number(value)
        if self._left <= 0 or len(self._above) >= MAX_DEPTH or id(value) in self._above:
            self.cut = True
            return CUT
        self._above.add(id(value))
        try:
            if kind is dict:  # the two usual ones first
                return self._mapping(value.items(), path, secret_entries(value, self._masker.names_secret))
            return self._items(value, path) if kind is list else self._uncommon(value, path)
        except Exception as error:  # noqa: BLE001  any object's own code may run here, and may do anything
            return quoted(f"<{kind.__name__}: {type(error).__name__}>")
        finally:
            self._above.discard(id(value))

    def _text(self, value: str) -> str:
        if len(value) > self._room:
            self.cut = True
            value = value[: self._room]
        self._room -= len(value)
        return quoted(self._masker.scrub(value) if may_hide(value) else value)

    def _mapping(
        self, items: Iterable[tuple[Any, Any]], path: tuple[str, ...], hidden: AbstractSet[str] = _NONE
    ) -> str:
        parts = []
        masker = self._masker
        decisions = masker.decisions
        for name, value in items:
            self._left -= 1
            if self._left <= 0:
                self.cut = True
                break
            key = name
            if hidden and name in hidden:
                parts.append(f"{quoted(key)}:{quoted(masker.mask)}")
                continue
            if decisions.get(name) is not _SHOW:
                key, decision = masker.judge(name)
                if decision is _HIDE or (decision is _DEPENDS and masker.hides((*path, key), value)):
                    parts.append(f"{quoted(key)}:{quoted(masker.mask)}")
                    continue
            text = self._text(value) if type(value) is str else self.json(value, (*path, key))
            parts.append(f"{quoted(key)}:{text}")
        return "{" + ",".join(parts) + "}"

    def _items(self, values: Iterable[Any], path: tuple[str, ...]) -> str:
        parts = []
        hidden: AbstractSet[int] = _NO_POSITION
        if isinstance(values, (list, tuple)) and self._masker.is_on:
            hidden = secret_positions(values[: self._left], self._masker.names_secret)
        for position, value in enumerate(values):
            self._left -= 1
            if self._left <= 0:
                self.cut = True
                break
            parts.append(quoted(self._masker.mask) if position in hidden else self.json(value, path))
        return "[" + ",".join(parts) + "]"

    def _uncommon(self, value: Any, path: tuple[str, ...]) -> str:
        if isinstance(value, Mapping):
            return self._mapping(value.items(), path)
        if isinstance(value, (list, tuple, set, frozenset)):
            names = getattr(value, "_fields", None)  # a named tuple's
            return self._items(value, path) if names is None else self._mapping(zip(names, value, strict=False), path)
        if isinstance(value, Enum):
            return self.json(value.value, path)
        if isinstance(value, (int, float)):  # subclasses
            return _number(int.__index__(value) if isinstance(value, int) else float.__float__(value))
        if type(value).__module__ == "numpy" and hasattr(value, "dtype"):
            return self._numpy(value, path)
        return self._as_text(value, path)

    def _numpy(self, value: Any, path: tuple[str, ...]) -> str:
        """Return a scalar or array of numpy as plain data; moments as ISO 8601 text."""
        if value.dtype.kind in "mM":
            return self._text(str(value)) if value.ndim == 0 else self._items(value, path)
        if value.size > self._left:
            self.cut = True
            value = value.ravel()[: self._left]
        return self.json(value.tolist(), path)

    def _as_text(self, value: Any, path: tuple[str, ...]) -> str:
        if self._room <= 0:  # to make a text that nobody will see may take long
            self.cut = True
            return CUT
        if isinstance(value, _BYTES):
            return self._bytes(value)
        return self._text(_text_of(value)) if isinstance(value, _TEXTS) else self._object(value, path)

    def _bytes(self, value: bytes | bytearray | memoryview) -> str:
        is_complete = len(value) <= self._room
        self.cut = self.cut or not is_complete
        data = bytes(value[: self._room])
        try:
            return self._text(utf_8_decode(data, "strict", is_complete)[0])  # else half a character may be at the end
        except UnicodeDecodeError:
            return self._text(repr(data)[2:-1])  # much faster than the error handler that writes such escapes

    def _object(self, value: Any, path: tuple[str, ...]) -> str:
        if is_dataclass(value) and not isinstance(value, type):
            return self._mapping(((f.name, getattr(value, f.name)) for f in fields(value)), path)
        public = {k: v for k, v in getattr(value, "__dict__", {}).items() if not k.startswith("_")}
        if public and not isinstance(value, type) and not callable(value):
            return self._mapping(public.items(), path)
        return self._text(repr(value))


def _number(value: Any) -> str:
    """Return null, true, false or a number as JSON has it; a number that JSON has not as a text."""
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is float:
        return repr(value) if math.isfinite(value) else f'"{value!r}"'
    # Python refuses to write very long numbers in decimal.
    return str(value) if -(1 << 4096) < value < 1 << 4096 else f'"{hex(value)[:MAX_TEXT]}"'


def _text_of(value: Any) -> str:
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return value.isoformat() if isinstance(value, _MOMENTS) else str(value)
