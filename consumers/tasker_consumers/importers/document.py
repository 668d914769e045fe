"""A JSON document in which every value knows its path, so that a fault can be named by its place.

>>> load(b'{"tasks": [{"runtime": "long"}]}', "run.json").get("tasks").items()[0].get("runtime").number()
Traceback (most recent call last):
tasker_consumers.importers.errors.BrokenFile: tasks[0].runtime: expected a number, not "long"
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from tasker_consumers.importers.errors import BrokenFile

_GZIP_MAGIC = b"\x1f\x8b"
_LONGEST_ID = 900  # characters; the producer takes 1024, and what the importers put before and after must fit
_LARGEST = 2**31
_SHOWN = 60  # characters of a wrong value that a message repeats
_INSIDE = ": "  # ends the place of a document inside a file, before the paths of its values


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document and the path that leads to it."""

    value: Any
    path: str = ""

    def get(self, key: str) -> "Node":
        """Return the member `key`; raise BrokenFile when this is no object or has no such member."""
        found = self.find(key)
        if found is None:
            raise BrokenFile(self._path_of(key), "missing")
        return found

    def find(self, *keys: str) -> "Node | None":
        """Return the first of these members that is there and not null, else None."""
        if not isinstance(self.value, dict):
            self.refuse("an object")
        for key in keys:
            if self.value.get(key) is not None:
                return Node(self.value[key], self._path_of(key))
        return None

    def items(self) -> list["Node"]:
        """Return the items of this list; raise BrokenFile when it is none."""
        if not isinstance(self.value, list):
            self.refuse("a list")
        return [Node(item, f"{self.path}[{at}]") for at, item in enumerate(self.value)]

    def text(self) -> str:
        """Return this string; raise BrokenFile when it is none or empty."""
        if not isinstance(self.value, str) or not self.value:
            self.refuse("a text")
        return self.value

    def identifier(self) -> str:
        """Return this string, if an id on the wire can be as long; else raise BrokenFile."""
        if len(self.text()) > _LONGEST_ID:
            self.refuse(f"a text of at most {_LONGEST_ID} characters")
        return self.text()

    def number(self) -> Decimal:
        """Return this number, exactly as the document spells it; raise BrokenFile when it is none."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            self.refuse("a number")
        return Decimal(self.value)

    def integer(self) -> int:
        """Return this whole number, also when the document spells it as a text; raise BrokenFile when it is none."""
        spelled = isinstance(self.value, str) and self.value.isascii() and self.value.isdecimal()
        number = int(self.value[:20]) if spelled else self.value
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < _LARGEST:
            self.refuse(f"a whole number below {_LARGEST}")
        return number

    def refuse(self, expected: str) -> NoReturn:
        """Raise BrokenFile for this value, in whose place something else was expected."""
        shown = json.dumps(self.value, default=str, ensure_ascii=False)
        if len(shown) > _SHOWN:
            shown = f"{shown[:_SHOWN]}…"
        raise BrokenFile(self.path.removesuffix(_INSIDE) or "the document", f"expected {expected}, not {shown}")

    def _path_of(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path and not self.path.endswith(_INSIDE) else f"{self.path}{key}"


def load(raw: bytes, name: str) -> Node:
    """Read a JSON document, plain or compressed with gzip; its fractions are `Decimal`.

    `name` is the file's name: one that ends in `.gz` promises gzip. Raises BrokenFile.
    """
    return Node(_parsed(read_text(raw, name)))


def load_part(raw: bytes, place: str) -> Node:
    """Read a JSON document that stands at a place inside a file; raise BrokenFile.

    >>> load_part(b'{"jobs": 7}', "line 10").get("jobs").items()
    Traceback (most recent call last):
    tasker_consumers.importers.errors.BrokenFile: line 10: jobs: expected a list, not 7
    """
    try:
        return Node(_parsed(_text(raw)), f"{place}{_INSIDE}")
    except BrokenFile as broken:
        raise BrokenFile(f"{place}{_INSIDE}{broken.place}", broken.problem) from broken


def read_text(raw: bytes, name: str) -> str:
    """Return a file's text, plain or compressed with gzip; raise BrokenFile, also for a file without any text."""
    text = _text(_uncompressed(raw, name))
    if not text.strip():
        raise BrokenFile("", "the file is empty")
    return text


def _parsed(text: str) -> Any:
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise BrokenFile(f"line {error.lineno}, column {error.colno}", f"not JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:  # nested too deep; a whole number of thousands of digits
        raise BrokenFile("the document", f"not readable as JSON: {error}") from error
    if "\\ud" in text.lower():
        _check_surrogates(Node(value))
    return value


def _uncompressed(raw: bytes, name: str) -> bytes:
    if not raw.startswith(_GZIP_MAGIC):
        if name.endswith(".gz") and raw:
            raise BrokenFile("byte 1", "not gzip, although the name ends in .gz")
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, OSError, zlib.error) as error:
        raise BrokenFile("the compressed data", f"damaged gzip: {error}") from error


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        raise BrokenFile(f"line {line}, column {column}", f"not UTF-8: {error.reason}") from error


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number of JSON")


def _check_surrogates(root: Node) -> None:
    """Refuse half a surrogate pair: JSON can spell it, but no text on the wire can hold it."""
    for node in _walk(root):
        if isinstance(node.value, str):
            try:
                node.value.encode()
            except UnicodeEncodeError as error:
                raise BrokenFile(node.path, f"not Unicode: {error.reason}") from error


def _walk(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node.value, list):
            waiting += node.items()
        elif isinstance(node.value, dict):
            for key, value in node.value.items():
                waiting += [Node(key, f"{node.path}.{key!a}"), Node(value, f"{node.path}.{key!a}")]
