"""Readers of records, in Python: the code for a schema is written out once, with an index into the bytes.

There is a short way for usual values: null, and numbers that fit into a byte.
"""

import struct
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, count, groupby
from typing import Any, NamedTuple

_MOST_BITS = 63
_MARK = 0x80  # says that more bytes follow
_GOES_ON = sum(_MARK << shift for shift in range(0, 49, 7))  # the marks of seven bytes
_SHORTEST_RUN = 3  # neighbours that are worth a look at all of them together


def python_reader(schema: Any, keep: Collection[str] | None = None) -> Any:
    """Return a reader for records of a schema (`tasker_schemas.avro.reader.make_reader`)."""
    writing = _Writing()
    body = writing.value(schema, "record") if keep is None else writing.selected(schema["fields"], keep)
    lines = ["def read(b, p):", *_indented(body), "    return record, p"]
    names: dict[str, Any] = {
        "longer": _rest_of_long,
        "length": _length_of,
        "short": _SHORT_LENGTHS,
        "double": struct.Struct("<d").unpack_from,
        **writing.constants,
    }
    exec("\n".join(lines), names)  # noqa: S102  the text follows from a schema that we ship
    return names["read"]


def _rest_of_long(value: bytes, position: int, low: int) -> tuple[int, int]:
    """Return a number, still zig-zag, whose first byte, `low`, said that it goes on."""
    if len(following := value[position : position + 7]) == 7:  # noqa: PLR2004  as of a time in microseconds, most usually
        b1, b2, b3, b4, b5, b6, b7 = following
        if b7 < _MARK <= b1 & b2 & b3 & b4 & b5 & b6:
            number = low + (b1 << 7) + (b2 << 14) + (b3 << 21) + (b4 << 28) + (b5 << 35) + (b6 << 42) + (b7 << 49)
            return number - _GOES_ON, position + 7
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


#: Lengths by their only byte; None for a byte that is not all of a length, or of a negative length.
_SHORT_LENGTHS = tuple(byte >> 1 if byte < _MARK and not byte & 1 else None for byte in range(256))


def _length_of(value: bytes, position: int) -> tuple[int, int]:
    """Return a length that is not short; its first byte was read."""
    number, position = _rest_of_long(value, position, value[position - 1])
    if number & 1:
        raise ValueError("a negative length")
    return number >> 1, position


class _Writing:
    """The code of a reader while it is written. `b` holds the bytes, `p` the position; `n` is free for numbers."""

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

    def selected(self, fields: list[Any], keep: Collection[str]) -> Iterator[str]:
        """Yield the lines that read into `record` the fields of `keep`."""
        yield "record = {}"
        yield from _in_runs(self._selected_field(field, keep) for field in fields)

    def _selected_field(self, field: Any, keep: Collection[str]) -> "_Field":
        name, schema = field["name"], field["type"]
        if name not in keep:
            return _Field([*self.value(_unread(schema), "v")], _empty_of(schema), [])
        return _Field([*self.value(schema, "v"), f"if v or v == 0: record[{name!r}] = v"], _empty_of(schema), [])

    def _record(self, fields: list[Any], to: str) -> Iterator[str]:
        variables = {field["name"]: self._variable() for field in fields}
        yield from _in_runs(self._field(field["type"], variables[field["name"]]) for field in fields)
        yield f"{to} = {{{', '.join(f'{name!r}: {variable}' for name, variable in variables.items())}}}"

    def _field(self, schema: Any, to: str) -> "_Field":
        empty = _empty_of(schema)
        return _Field([*self.value(schema, to)], empty, [f"{to} = {empty}"])

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
        remaining = self._variable()
        yield f"{to} = {empty}"
        yield from _long(remaining)
        yield f"while {remaining}:"
        yield f"    if {remaining} < 0:"  # then the block's size in bytes follows, for those who want to skip it
        yield f"        {remaining} = -{remaining}"
        yield from _indented(_indented(_long("n")))
        yield f"    for _ in range({remaining}):"
        yield from _indented(_indented(entry))
        yield from _indented(_long(remaining))


class _Field(NamedTuple):
    read: list[str]
    empty: str | None  # the value that a zero byte stands for, None where that is no absence
    leave: list[str]  # the lines instead of `read` when it is empty


def _in_runs(fields: Iterable[_Field]) -> Iterator[str]:
    for empty, neighbours in groupby(fields, key=lambda field: field.empty is not None):
        run = list(neighbours)
        yield from _run(run) if empty else chain.from_iterable(field.read for field in run)


def _run(fields: list[_Field]) -> Iterator[str]:
    """Yield the lines for neighbours that can all be empty, as most fields of an event are most of the time."""
    size = len(fields)
    if size < _SHORTEST_RUN:
        yield from chain.from_iterable(field.read for field in fields)
        return
    yield f"if b[p:p + {size}] == {bytes(size)!r}:"
    yield from _indented([f"p += {size}", *chain.from_iterable(field.leave for field in fields)])
    yield "else:"
    yield from _indented(_run(fields[: size // 2]))
    yield from _indented(_run(fields[size // 2 :]))


def _empty_of(schema: Any) -> str | None:
    match schema:
        case ["null", *_]:
            return "None"
        case {"type": "array"}:
            return "[]"
        case {"type": "map"}:
            return "{}"
    return None


def _unread(schema: Any) -> Any:
    """Return a schema by which texts are passed over."""
    if isinstance(schema, list):
        return [_unread(branch) for branch in schema]
    return _UNREAD if schema == "string" else schema


def _indented(lines: Iterator[str] | list[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def _null(to: str) -> Iterator[str]:
    yield f"{to} = None"


def _boolean(to: str) -> Iterator[str]:
    yield f"{to} = b[p] != 0; p += 1"


def _long(to: str) -> Iterator[str]:
    yield "n = b[p]; p += 1"
    yield "if n > 127: n, p = longer(b, p, n)"
    yield f"{to} = -(n + 1 >> 1) if n & 1 else n >> 1"


def _double(to: str) -> Iterator[str]:
    yield f"{to} = double(b, p)[0]; p += 8"


def _string(to: str) -> Iterator[str]:
    yield from _length()
    yield f"{to} = b[p:p + n].decode(); p += n"


def _passed_over(to: str) -> Iterator[str]:
    yield from _length()
    yield f"{to} = None; p += n"


def _length() -> Iterator[str]:
    yield "n = short[b[p]]; p += 1"
    yield "if n is None: n, p = length(b, p)"


_UNREAD = "unread"
_PRIMITIVES = {
    "null": _null, "boolean": _boolean, "int": _long, "long": _long, "double": _double, "string": _string,
    _UNREAD: _passed_over,
}  # fmt: skip
