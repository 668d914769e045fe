"""The windows of the partitions that a worker holds, beside its states: what the states count for, added up.

It follows from the states alone, and is written in the same breath: so it is as exact as they are, and is made anew
from them when they were restored (docs/decisions/0014).
"""

from collections.abc import Iterator
from typing import Any, Protocol

import orjson

from tasker_consumers.stats.windows import Place, Window, merge

_CELL = b"\x00w"  # begins with what no task's key contains


class States(Protocol):
    """What is stored of one partition."""

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield every entry whose key begins so."""


class WindowIndex:
    """The windows of all partitions held."""

    def __init__(self) -> None:
        self._held: dict[int, States] = {}

    def select(
        self, *, kind: str | None = None, name: str | None = None, length_s: int | None = None, since: int | None = None
    ) -> list[dict[str, Any]]:
        """Return the windows of these partitions that match, those of the same place merged: see `windows.merge`.

        `since` is in microseconds: windows that begin before it are left out.
        """
        wanted = (kind, name, length_s)
        values = []
        for states in self._held.values():
            for key, row in states.scan(_CELL + _beginning(*wanted)):
                place = Place.of_key(key.removeprefix(_CELL))
                if _matches(place, wanted) and (since is None or place.start >= since):
                    _, revision, *figures = orjson.loads(row)
                    values.append(Window.of_row(figures).value(place, revision))
        return merge(values)


def _beginning(*wanted: str | int | None) -> bytes:
    """Return what the keys of these places have in common: `wanted` up to the first None."""
    known = wanted[: wanted.index(None)] if None in wanted else wanted
    return orjson.dumps(known)[:-1] + (b"," if known else b"")


def _matches(place: Place, wanted: tuple[str | int | None, ...]) -> bool:
    return all(value in (None, given) for value, given in zip(wanted, place, strict=False))
