"""Reads a JSON document in which every value knows its path, so that a fault can be named by its place.

>>> load(b'{"tasks": [{"runtime": "long"}]}', "run.json").get("tasks").items()[0].get("runtime").number()
Traceback (most recent call last):
tasker_consumers.importers.errors.BrokenFile: tasks[0].runtime: expected a number, not "long"
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from tasker_consumers.importers.documents.node import INSIDE, Node
from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.sources import Content

_GZIP_MAGIC = b"\x1f\x8b"
_SPACE = re.compile(r"\s*")


N = TypeVar("N", bound=Node)


def load(raw: bytes, name: str) -> Node:
    r"""Read a JSON document, plain or compressed with gzip; its fractions are `Decimal`.

    A file with several JSON values, on lines of their own or one behind the other, reads like the list of them.
    `name` is the file's name: a name that ends in `.gz` promises gzip. Raises BrokenFile.

    >>> load(b'{"id": 1}\n{"id": 2}\n', "runs.jsonl").value
    [{'id': 1}, {'id': 2}]
    """
    return parse(read_text(raw, name))


def parse(text: str) -> Node:
    """Read the text of a JSON document, or of several, one behind the other; raise BrokenFile."""
    values = list(_parsed(text))
    return Node(values[0] if len(values) == 1 else values)


def stream(content: Content, kind: type[N]) -> Iterator[N]:
    """Yield the values of a file with a JSON value on each line, a line at a time; of any other file the document.

    Raises BrokenFile.
    """
    first, newline, following = content.head.partition(b"\n")
    if not (newline and following.strip() and _is_json(first)):
        yield kind(parse(read_text(content.read(), content.name)).value)
        return
    index = 0
    for number, line in enumerate(_lines(content), 1):
        for value in _parsed(line, number):
            yield kind(value, f"[{index}]")
            index += 1


def load_part(raw: bytes, place: str) -> Node:
    """Read a JSON document that stands at a place inside a file; raise BrokenFile.

    >>> load_part(b'{"jobs": 7}', "line 10").get("jobs").items()
    Traceback (most recent call last):
    tasker_consumers.importers.errors.BrokenFile: line 10: jobs: expected a list, not 7
    """
    try:
        values = list(_parsed(_text(raw)))
    except BrokenFile as broken:
        raise BrokenFile(f"{place}{INSIDE}{broken.place}", broken.problem) from broken
    if len(values) != 1:
        raise BrokenFile(place, f"expected a JSON value, not {len(values)}")
    return Node(values[0], f"{place}{INSIDE}")


def read_text(raw: bytes, name: str) -> str:
    """Return a file's text, plain or compressed with gzip; raise BrokenFile, also for a file without any text."""
    text = _text(_uncompressed(raw, name))
    if not text.strip():
        raise BrokenFile("", "the file is empty")
    return text


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (RecursionError, ValueError):
        return False
    return True


def _lines(content: Content) -> Iterator[str]:
    number = 0
    lines = iter(content.text())
    while True:
        try:
            line = next(lines, None)
        except UnicodeDecodeError as error:
            raise BrokenFile(f"after line {number}", f"not UTF-8: {error.reason}") from error
        if line is None:
            return
        number += 1
        yield line


def _parsed(text: str, first_line: int = 1) -> Iterator[Any]:
    """Yield the JSON values of a text, at least one unless the text is a line without any; raise BrokenFile."""
    position = _after_space(text, 0)
    while position < len(text):
        try:
            value, position = _DECODER.raw_decode(text, position)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno + first_line - 1}, column {error.colno}"
            raise BrokenFile(place, f"not JSON: {error.msg}") from error
        except (RecursionError, ValueError) as error:  # nested too deep; a whole number of thousands of digits
            raise BrokenFile("the document", f"not readable as JSON: {error}") from error
        if "\\ud" in text or "\\uD" in text:
            _check_surrogates(Node(value))
        yield value
        position = _after_space(text, position)


def _after_space(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return position if space is None else space.end()


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


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)


def _check_surrogates(root: Node) -> None:
    """Refuse half a surrogate pair: JSON can spell it, but no text on the wire can hold it."""
    for node in _walk(root):
        if isinstance(node.value, str):
            try:
                node.value.encode()
            except UnicodeEncodeError as error:
                raise BrokenFile(node.path, f"not Unicode: {error.reason}") from error


def _walk(root: Node) -> Iterator[Node]:
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node.value, list):
            pending += node.items()
        elif isinstance(node.value, dict):
            for key, value in node.value.items():
                pending += [Node(key, f"{node.path}.{key!a}"), Node(value, f"{node.path}.{key!a}")]
