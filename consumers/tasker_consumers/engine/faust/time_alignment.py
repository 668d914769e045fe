"""Topics of a partition are read at the same pace, by the time of their records.

Behind by a day, one topic would otherwise be read to its end before another: every state would be touched by the one
and, much later, by the other. Whoever is ahead waits for whoever has more to read from before that time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from faust.types import TP

#: A topic whose fetches brought nothing for so long, its broker perhaps away, is not waited for.
PATIENCE_S = 2.0


@dataclass(slots=True)
class _Place:
    """Up to where a topic's partition was read."""

    reached_ms: int
    more: bool
    seconds_without: float = 0.0

    def is_waited_for(self) -> bool:
        return self.more and self.seconds_without < PATIENCE_S


class Pace:
    """Says which partitions to read next."""

    def __init__(self) -> None:
        self._places: dict[TP, _Place] = {}

    def next(self, tps: Iterable[TP]) -> set[TP]:
        """Return those of the partitions that are not ahead of another topic."""
        tps = set(tps)
        behind: dict[int, int] = {}
        for tp in tps & self._places.keys():
            position = self._places[tp]
            if position.is_waited_for():
                behind[tp.partition] = min(position.reached_ms, behind.get(tp.partition, position.reached_ms))
        return {tp for tp in tps if tp not in self._places or not self._is_ahead(tp, behind)}

    def note(self, fetched: Iterable[TP], reached: Mapping[TP, tuple[int, bool]], seconds: float) -> None:
        """Note a fetch: the time of the last record of each partition that brought some, and whether it has more.

        `seconds` is how long it took.
        """
        for tp in fetched:
            if tp in reached:
                self._places[tp] = _Place(*reached[tp])
            elif tp in self._places:
                self._places[tp].seconds_without += seconds

    def has_more(self, tp: TP) -> bool:
        """Return whether a partition had more to read when it was fetched last."""
        return tp in self._places and self._places[tp].more

    def is_behind(self) -> bool:
        """Return whether any partition is known to have more to read."""
        return any(position.is_waited_for() for position in self._places.values())

    def forget(self) -> None:
        """Begin anew, as after a seek."""
        self._places = {}

    def _is_ahead(self, tp: TP, behind: Mapping[int, int]) -> bool:
        reached = self._places[tp].reached_ms
        return reached > behind.get(tp.partition, reached)
