"""Pairs of key and value in text: in query strings, logs, JSON, Python's repr, and JSON inside a JSON string.

All of it takes time in proportion to the text, whatever the text: it runs on the caller's thread.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

_KEY = re.compile(
    r"""(\\[\w.\-]++ | (?<![\w.\-\\])[\d.\-\u0080-\U0010ffff]*+[A-Za-z_][\w.\-]*+)
        \\*["']?\]?\s*(?:=>|[=:])\s*""",
    re.VERBOSE,
)
_VALUE = re.compile(
    r"""[bru]?"(?:[^"\\]|\\.)*+(?:"|$) | [bru]?'(?:[^'\\]|\\.)*+(?:'|$)
        | \\++(?P<quote>["']).*?(?:(?<!\\)\\++(?P=quote)|$)
        | \{[^{}]*\}? | \[[^\[\]]*\]? | <[^<>]*>?
        | (?:(?:Bearer|Basic|Token|Digest)\s+)?[^\s,;&"')}\]]+""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_QUOTE = re.compile(r"""[bru]?(\\*["'])""", re.IGNORECASE)
# Escapes of repr and JSON for a line break or a strange byte, straight before a key: `\npassword`, `\xffpassword`.
_ESCAPE = re.compile(r"\\(?:x[0-9a-f]{2}|(?-i:U)[0-9a-f]{8}|u[0-9a-f]{4}|[a-z])", re.IGNORECASE)
# Brackets, and the quoted text in which they mean nothing.
_BRACKETS = re.compile(
    r"""(?<!\\)\\++(["']).*?(?<!\\)\\++\1 | "(?:[^"\\]|\\.)*+" | '(?:[^'\\]|\\.)*+'
        | (?P<open>[\[({]) | (?P<close>[\])}])""",
    re.VERBOSE | re.DOTALL,
)
_OPENING = re.compile(r"[\[({]")
_LINE_END = re.compile(r"[\r\n\"'\\]")
_SEGMENT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_MAX_KEY = 500


class Pair(NamedTuple):
    """A key, the place behind it where a value may begin."""

    key: str
    start: int


class Value(NamedTuple):
    """Where the value of a pair ends, and the quotes around it, if there are any."""

    end: int
    quote: str


def segments(name: str) -> list[str]:
    """Return the words of a name, in lower case.

    >>> segments("stripeAPIKey_2")
    ['stripe', 'api', 'key', '2']
    """
    return [segment.lower() for segment in _SEGMENT.findall(name)]


def keys(text: str) -> list[str]:
    """Return the keys of all pairs, those inside of values too.

    >>> keys('user=ada {"order": {"id": 7}}')
    ['user', 'order', 'id']
    """
    all_keys = _KEY.findall(text)
    return [key[-_MAX_KEY:] for key in all_keys] if len(text) > _MAX_KEY else all_keys


def readings(key: str) -> tuple[str, ...]:
    r"""Return the possible readings of a key in text: behind a backslash its first letters may belong to an escape.

    >>> readings(r"\npassword"), readings("password")
    (('npassword', 'password'), ('password',))
    """
    bare = key.lstrip("\\")
    return (key,) if bare == key else (bare, _ESCAPE.sub("", f"\\{bare}", count=1).lstrip("\\"))


def pairs(text: str) -> "Iterator[Pair]":
    """Yield the pairs of a text, those inside of values too.

    >>> list(pairs("login: user = 'ada'"))
    [Pair(key='login', start=7), Pair(key='user', start=14)]
    """
    return (Pair(match[1][-_MAX_KEY:], match.end()) for match in _KEY.finditer(text))


def value_at(text: str, start: int) -> Value | None:
    """Return the value that begins at a place, as far as a single search shows.

    >>> value_at("n='ada' x", 2), value_at("n=", 2)
    (Value(end=7, quote="'"), None)
    """
    match = _VALUE.match(text, start)
    if match is None:
        return None
    quote = _QUOTE.match(match[0])
    return Value(match.end(), quote[1] if quote else "")


def whole_end(text: str, start: int, value: Value) -> int:
    """Return where a value ends with all that it holds in brackets; a bracket left open reaches to the end.

    >>> text = "keys=[[1, ']'], Key('x')], n=1"
    >>> text[: whole_end(text, 5, value_at(text, 5))]
    "keys=[[1, ']'], Key('x')]"
    """
    if value.quote or _OPENING.search(text, start, value.end) is None:
        return value.end
    depth = 0
    for match in _BRACKETS.finditer(text, start):
        if depth == 0 and match.start() >= value.end:
            return value.end
        depth += 1 if match["open"] else -1 if match["close"] else 0
        if depth <= 0 and match["close"]:
            return max(match.end() if depth == 0 else 0, value.end)
    return len(text) if depth > 0 else value.end


def line_end(text: str, start: int) -> int:
    r"""Return where a line ends, or the quotes in which it stands.

    >>> text = "Cookie: a=1; b=2\nHost: x"
    >>> text[: line_end(text, 8)]
    'Cookie: a=1; b=2'
    """
    match = _LINE_END.search(text, start)
    return len(text) if match is None else match.start()


class NamesInText:
    """Where names stand in a text, whatever their spelling.

    >>> names = NamesInText("my creditCard: number=7")
    >>> names.first("creditcard"), names.first("number"), names.first("order")
    (13, 21, None)
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._first: dict[str, int | None] = {}

    def first(self, name: str) -> int | None:
        """Return the place behind the first occurrence of a joined name; None where there is none."""
        if name not in self._first:
            joined, ends, text_ends = self._joined
            start = joined.find(name)
            self._first[name] = None if start < 0 else text_ends[bisect_left(ends, start + len(name))]
        return self._first[name]

    @cached_property
    def _joined(self) -> tuple[str, list[int], list[int]]:
        """The words of the text joined, and for each where it ends: there, and in the text."""
        words = list(_SEGMENT.finditer(self._text))
        lower = [word[0].lower() for word in words]
        return "".join(lower), list(accumulate(map(len, lower))), [word.end() for word in words]
