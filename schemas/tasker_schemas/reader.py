"""Readers made for one schema each: Avro bytes to a dict, at half of what fastavro takes.

fastavro asks a file object for every byte; here the code for a schema is written out once, with an index into the bytes
and a short way for what is usual: null, and numbers that fit into one byte. It covers what our schemas use, and refuses
what fastavro lets pass: negative lengths and indexes, numbers of more than 64 bits.
"""

import struct
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

Reader = Callable[[bytes, int], tuple[dict[str, Any], int]]
"""Reads a record at a position, and returns it with the position behind it, which is too great if bytes are missing.

Raises IndexError or struct.error where the bytes end too early, ValueError where they cannot be right.
"""

_MOST_BITS = 63


def make_reader(schema: Any) -> Reader:
    """Return a reader for records of one of our schemas; it holds no logical types."""
    writing = _Writing()
    lines = ["def read(b, p):", *_indented(writing.value(schema, "record")), "    return record, p"]
    names: dict[str, Any] = {"rest": _rest_of_long, "double": struct.Struct("<d").unpack_from, **writing.constants}
    exec("\n".join(lines), names)  # noqa: S102  the text follows from a schema that we ship
    reader: Reader = names["read"]
    return reader


def _rest_of_long(value: bytes, position: int, low: int) -> tuple[int, int]:
    """Return a number, still zig-zag, whose first byte, `low`, said that it goes on."""
    number, shift = low & 0x7F, 7
    while (byte := value[position]) & 0x80:
        number |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if shift > _MOST_BITS:
            break
    number |= byte << shift
    if number >> _MOST_BITS + 1:
        raise ValueError("a number of more than 64 bits")
    return number, position + 1


class _Writing:
    """The code of one reader while it is written. `b` holds the bytes, `p` the position; `n` is free for numbers."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        self._named: dict[str, Any] = {}
        self._counter = count()

    def value(self, schema: Any, to: str) -> Iterator[str]:
        """Yield the lines that read a value of any type into the variable `to`."""
        match self._named.get(schema, schema) if isinstance(schema, str) else schema:
            case [*branches]:
                yield from self._union(branches, to)
            case {"type": "record", "fields": fields}:
                yield from self._record(fields, to)
            case {"type": "enum", "name": str(name), "symbols": symbols} as enum:
                self._named[name] = enum
                yield from self._enum(symbols, to)
            case {"type": "array", "items": items}:
                item = self._variable()
                yield from self._blocks([*self.value(items, item), f"{to}.append({item})"], to, "[]")
            case {"type": "map", "values": values}:
                key, item = self._variable(), self._variable()
                entry = [*self.value("string", key), *self.value(values, item), f"{to}[{key}] = {item}"]
                yield from self._blocks(entry, to, "{}")
            case {"type": inner}:
                yield from self.value(inner, to)
            case primitive:
                yield from _PRIMITIVES[primitive](to)

    def _variable(self) -> str:
        return f"v{next(self._counter)}"

    def _record(self, fields: list[Any], to: str) -> Iterator[str]:
        variables = {field["name"]: self._variable() for field in fields}
        for field in fields:
            yield from self.value(field["type"], variables[field["name"]])
        yield f"{to} = {{{', '.join(f'{name!r}: {variable}' for name, variable in variables.items())}}}"

    def _union(self, branches: list[Any], to: str) -> Iterator[str]:
        yield "n = b[p]; p += 1"
        for index, branch in enumerate(branches):
            yield f"{'elif' if index else 'if'} n == {2 * index}:"
            yield from _indented(self.value(branch, to))
        yield "else: raise ValueError('a branch that the union does not have')"

    def _enum(self, symbols: list[str], to: str) -> Iterator[str]:
        constant = f"symbols{next(self._counter)}"
        self.constants[constant] = {2 * index: symbol for index, symbol in enumerate(symbols)}
        yield f"{to} = {constant}.get(b[p]); p += 1"
        yield f"if {to} is None: raise ValueError('a symbol that the enum does not have')"

    def _blocks(self, entry: list[str], to: str, empty: str) -> Iterator[str]:
        left = self._variable()
        yield f"{to} = {empty}"
        yield from _long(left)
        yield f"while {left}:"
        yield f"    if {left} < 0:"  # then the block's size in bytes follows, for those who want to skip it
        yield f"        {left} = -{left}"
        yield from _indented(_indented(_long("n")))
        yield f"    for _ in range({left}):"
        yield from _indented(_indented(entry))
        yield from _indented(_long(left))


def _indented(lines: Iterator[str] | list[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def _null(to: str) -> Iterator[str]:
    yield f"{to} = None"


def _boolean(to: str) -> Iterator[str]:
    yield f"{to} = b[p] != 0; p += 1"


def _long(to: str) -> Iterator[str]:
    yield "n = b[p]; p += 1"
    yield "if n > 127: n, p = rest(b, p, n)"
    yield f"{to} = (n >> 1) ^ -(n & 1)"


def _double(to: str) -> Iterator[str]:
    yield f"{to} = double(b, p)[0]; p += 8"


def _string(to: str) -> Iterator[str]:
    yield "n = b[p]; p += 1"
    yield "if n > 127: n, p = rest(b, p, n)"
    yield "if n & 1: raise ValueError('a negative length')"
    yield "n = p + (n >> 1)"
    yield f"{to} = b[p:n].decode(); p = n"


_PRIMITIVES = {
    "null": _null, "boolean": _boolean, "int": _long, "long": _long, "double": _double, "string": _string,
}  # fmt: skip
