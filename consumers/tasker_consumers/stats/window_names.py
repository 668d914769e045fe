"""The names that have windows of their own in a partition: all further names share the windows of `other`.

A name gets a place when it counts for the first time, as long as places are left. Its entry is in the changelog before
the states that count for it, so every worker and every rebuild find it in the same windows. Names without windows give
their places back, but not while `other` has a window (docs/decisions/0042).
"""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

import orjson

from tasker_consumers.engine.processor import PART, Entries, States
from tasker_consumers.stats.core.counting import WindowDelta
from tasker_consumers.stats.core.windows import WindowKey

#: The name whose windows all names without a place share.
OTHER = "other"

NameKey = tuple[str, str | None]
"""`task` or `step`, and a name; None says that further names of the kind share the windows of `other`."""

_PREFIX = PART + PART + b"name:"


Windows = list[tuple[WindowKey, WindowDelta]]
"""What a batch adds to windows."""


class Admission(NamedTuple):
    """The windows of a batch, with `other` in the place of names without a place."""

    windows: Windows
    #: The names that get a place.
    admitted: list[NameKey]
    #: The kinds and names that share the windows of `other`.
    shared: list[tuple[str, str]]


class WindowNames:
    """The places of a partition: `most` for task names, as many for step names."""

    def __init__(self, most: int, names: Iterable[NameKey] = ()) -> None:
        self._most = most
        self._names = set(names)
        self._taken = Counter(kind for kind, name in self._names if name is not None)

    @classmethod
    def stored(cls, most: int, states: States, items: Entries | None = None) -> "WindowNames":
        """Return the places of a partition's entries, with entries that come back from the changelog."""
        entries: dict[bytes, bytes | None] = dict(states.scan(_PREFIX))
        entries.update((key, value) for key, value in (items or {}).items() if key.startswith(_PREFIX))
        return cls(most, (_name_of_entry(key) for key, value in entries.items() if value is not None))

    @property
    def all(self) -> Collection[NameKey]:
        """The names with a place; of a kind that shares the windows of `other`, None too."""
        return self._names

    def admit(self, deltas: Iterable[tuple[WindowKey, WindowDelta]]) -> Admission:
        """Give names their places, or put their deltas into the windows of `other`; it counts when it is noted."""
        windows, taken = list(deltas), self._taken.copy()
        admission = Admission(windows, [], [])
        full = {kind for kind, name in self._names if name is None}
        for kind, name in dict.fromkeys((key.kind, key.name) for key, _ in windows):
            if (kind, name) in self._names:
                continue
            if kind not in full and taken[kind] < self._most:
                taken[kind] += 1
                admission.admitted.append((kind, name))
                continue
            if kind not in full:
                full.add(kind)
                admission.admitted.append((kind, None))
            admission.shared.append((kind, name))
        return admission._replace(windows=_shared(windows, set(admission.shared))) if admission.shared else admission

    def note(self, admission: Admission) -> None:
        """Note the names of an admission whose entries are written."""
        self._names.update(admission.admitted)
        self._taken.update(kind for kind, name in admission.admitted if name is not None)

    def unused(self, in_use: Collection[tuple[str, str]]) -> list[NameKey]:
        """Return the names without a window, given those that have windows; none of a kind whose `other` has any."""
        full = {kind for kind, name in self._names if name is None and (kind, OTHER) in in_use}
        return [key for key in self._names if key[0] not in full and key not in in_use]

    def release(self, names: Iterable[NameKey]) -> None:
        """Free the places of names."""
        for kind, name in names:
            self._names.discard((kind, name))
            self._taken[kind] -= name is not None


def name_entries(names: Iterable[NameKey], *, present: bool = True) -> dict[bytes, bytes | None]:
    r"""Return the entries that give places to names, or take them back.

    >>> name_entries([("task", "order"), ("step", None)])
    {b'\x00\x00name:["task","order"]': b'1', b'\x00\x00name:["step",null]': b'1'}
    """
    return {_PREFIX + orjson.dumps(key): b"1" if present else None for key in names}


def _name_of_entry(key: bytes) -> NameKey:
    kind, name = orjson.loads(key.removeprefix(_PREFIX))
    return kind, name


def _shared(windows: Windows, names: Collection[tuple[str, str]]) -> Windows:
    """Return the same sums with the windows of these names added up under `other`."""
    sums = dict[WindowKey, WindowDelta]()
    for key, delta in windows:
        target = key._replace(name=OTHER) if (key.kind, key.name) in names else key
        sums.setdefault(target, WindowDelta()).merge(delta.window, delta.first_heard_at)
    return list(sums.items())
