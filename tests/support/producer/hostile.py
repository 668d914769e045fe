"""Values that no reasonable service publishes, made from bytes: the same bytes give the same value.

Hypothesis finds and shortens the bytes; zeros are the simplest choices, so what fails ends as something small.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn
from uuid import UUID

SECRET = "s3cr3tHunter2"
SECRET_KEYS = ("password", "cardToken", "API-KEY", "user_passwd", "x.secret", "PIN")
PLAIN_KEYS = ("note", "id", "amount", "classname", "ключ", "", "a.b", "\ud800", "\\n", "x" * 600)


class HostileError(Exception):
    """What a hostile object raises; its own text cannot be had either."""

    def __str__(self) -> str:
        raise ValueError(f"password={SECRET}")

    __repr__ = __str__


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise HostileError


class Mute:
    """Can be asked for nothing that is text."""

    __str__ = __repr__ = __format__ = _refuse


class Closed:
    """Has no attribute that can be read, not even its class."""

    __getattribute__ = _refuse


class Undecided:
    """Is neither true nor false, and equal to nothing."""

    __bool__ = __eq__ = __len__ = __iter__ = _refuse
    __hash__ = object.__hash__


class Locked(dict[str, Any]):
    """A mapping whose keys cannot be had."""

    keys = items = values = get = __iter__ = __getitem__ = __len__ = _refuse


class Torn(Mapping[str, Any]):
    """A mapping that breaks in the middle."""

    def __getitem__(self, key: str) -> Any:
        raise HostileError

    def __iter__(self) -> Iterator[str]:
        yield "password"
        raise HostileError

    def __len__(self) -> int:
        return 1 << 40


class Endless(Mapping[str, Any]):
    """A mapping that is new at every look, and holds itself twice."""

    def __getitem__(self, key: str) -> Any:
        return Endless()

    def __iter__(self) -> Iterator[str]:
        return iter(("left", "right"))

    def __len__(self) -> int:
        return 2


class Liar(str):
    """A text that does not do what texts do."""

    __slots__ = ()
    encode = __len__ = __str__ = __contains__ = splitlines = _refuse


class Number(int):
    """A number that cannot be compared."""

    __lt__ = __gt__ = __le__ = __ge__ = __str__ = __repr__ = _refuse


class Chatty:
    """Tells its secret to whoever prints it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Login\npassword={SECRET!r}>"


@dataclass
class Login:
    """A dataclass with a secret."""

    user: Any
    password: str = SECRET


class Card(NamedTuple):
    """A named tuple with a secret."""

    holder: Any
    cvv: str = SECRET


class Choice(Enum):
    """An enumeration with odd members."""

    DEEP = ({"password": SECRET},)
    TEXT = f"token: {SECRET}"


SECRETS: tuple[Callable[[], Any], ...] = (
    lambda: f"password={SECRET}",
    lambda: {"Api-Key": SECRET, "n": 1},
    lambda: f'{{"user": "ada", "token": "{SECRET}"}}',
    lambda: Login("ada"),
    lambda: Card("ada"),
    Chatty,
    lambda: ValueError(f"bad\npassword: {SECRET}"),
    lambda: f"amqp://ada:{SECRET}@mq/%ff",
    lambda: b"\xff\xfepassword=" + SECRET.encode(),
    lambda: SimpleNamespace(user="ada", passphrase=SECRET),
    lambda: Choice.TEXT,
    lambda: Choice.DEEP,
    lambda: f"a\r\nAuthorization: Bearer {SECRET}",
)
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1 << 63, -(1 << 63), 1 << 20_000, math.nan, math.inf, -math.inf, -0.0, 5e-324, 1e308, 1 + 2j,
    "", "\0", "\ud800", "a\udfffb", "\U0001f4a9", "'", '"', "\\", "{", "=", ":", "a='", "\u2028", b"", b"\xff\xfe\x00",
    bytearray(b"\xc3"), memoryview(b"\x80"), Decimal("NaN"), Decimal("1e999999"), datetime.max.replace(tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC), timedelta.max, UUID(int=0), ..., NotImplemented, object, len, int,
    range(1 << 62), {"set"}, frozenset({1}), Mute(), Closed(), Undecided(), Locked(a=1), Torn(), Liar("liar"),
    Number(7), HostileError(), Endless(), "x" * 70_000, b"\xfe" * 70_000,
)  # fmt: skip


class Choices:
    """Decisions, read one by one from bytes; when these have run out, each is the first choice."""

    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def below(self, limit: int) -> int:
        """Return a number from 0 to below the limit, at most 256."""
        return next(self._data, 0) % limit

    def of(self, things: tuple[Any, ...]) -> Any:
        """Return one of at most 256 things."""
        return things[self.below(len(things))]

    def text(self) -> str:
        """Return a short text of any characters, half a surrogate pair among them."""
        return "".join(chr(self.below(256) * self.of((1, 1, 217, 4000))) for _ in range(self.below(12)))

    def key(self) -> Any:
        """Return the key of a mapping that promises nothing about its value."""
        return self.of((*PLAIN_KEYS, self.text(), None, 7, math.nan, (1, "a"), Mute(), Liar("k"), b"\xff"))

    def odd(self) -> Any:
        """Return an odd value without a secret: what names a thing is shown to all."""
        return self.of((*ODD, self.text()))

    def value(self, depth: int = 5) -> Any:
        """Return any value."""
        kind = self.below(16 if depth else 7)
        if kind < len(_LEAVES):
            return _LEAVES[kind](self)
        inner = [self.value(depth - 1) for _ in range(self.below(5))]
        return _NODES[kind - len(_LEAVES)](self, inner)

    def mapping(self) -> dict[Any, Any]:
        """Return what could be a payload, with a secret somewhere in it."""
        found = {self.key(): self.value() for _ in range(self.below(6))}
        return {**found, self.of(SECRET_KEYS): self.of((SECRET, [SECRET], {"a": SECRET}, SECRET.encode()))}


def _in_dirt(choices: Choices) -> str:
    """Return a secret with its key, between any other text."""
    return f"{choices.text()} password={SECRET} {choices.text()}"


def _deep(choices: Choices, inner: list[Any]) -> Any:
    value: Any = inner
    for _ in range(choices.of((20, 100, 2_000))):
        value = [value] if choices.below(2) else {"a": value}
    return value


def _itself(choices: Choices, inner: list[Any]) -> Any:
    """Return something that contains itself."""
    around: dict[str, Any] = {"inner": inner}
    around["self"] = inner
    inner.append(around)
    thing = SimpleNamespace(inner=inner, login=Login(inner), list=around)
    thing.thing = thing
    return choices.of((inner, around, thing, (around, thing)))


_LEAVES: tuple[Callable[[Choices], Any], ...] = (
    lambda choices: choices.below(256),
    lambda choices: choices.text(),
    lambda choices: choices.of(ODD),
    lambda choices: choices.of(SECRETS)(),
    _in_dirt,
    lambda choices: choices.text().encode("utf-16", "surrogatepass"),
    lambda choices: choices.of(ODD),
)
_NODES: tuple[Callable[[Choices, list[Any]], Any], ...] = (
    lambda _, inner: inner,
    lambda choices, inner: {choices.key(): value for value in inner},
    lambda choices, inner: {choices.of(SECRET_KEYS): [SECRET, *inner]},
    lambda _, inner: Login(inner),
    lambda _, inner: (Card(inner), *inner),
    lambda choices, inner: SimpleNamespace(**{f"a{choices.below(9)}": inner}, password=[SECRET, inner]),
    lambda choices, inner: ValueError(choices.text(), inner),
    _deep,
    _itself,
)
