"""Counts of the tasks and steps that ended, by kind and name, for the metrics: ends, retries and durations."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from tasker_consumers.stats.core.contribution import FIRST_OUTCOME, OUTCOMES, Contribution
from tasker_consumers.stats.core.counting import Change
from tasker_consumers.stats.core.windows import STEP, TASK
from tasker_consumers.stats.window_names import OTHER

#: Seconds; the upper bounds of the buckets of durations.
BOUNDS = {
    TASK: (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400),
    STEP: (0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200),
}
_BUCKETS = 11
_SECOND = 1_000_000


@dataclass
class Ended:
    """The ended tasks or steps of a name: by outcome, and by duration; `time` is the sum of durations, microseconds."""

    outcomes: list[int] = field(default_factory=lambda: [0] * len(OUTCOMES))
    retries: int = 0
    time: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * (_BUCKETS + 1))


class EndedCounts:
    """Counts each end once, however often it is delivered, for a limited number of names."""

    def __init__(self, most_names: int) -> None:
        self._most = most_names
        #: By kind and name.
        self.ended: dict[str, dict[str, Ended]] = {TASK: {}, STEP: {}}
        #: How often `other` stood for a name, by kind.
        self.over_limit = dict.fromkeys((TASK, STEP), 0)
        self._bounds = {kind: [round(bound * _SECOND) for bound in bounds] for kind, bounds in BOUNDS.items()}

    def count(self, changes: Iterable[Change]) -> None:
        """Count each end, each change of an outcome, and new retries."""
        for change in changes:
            previous, current = change.previous, change.current
            if current is not None and (previous is None or previous.rank != current.rank):
                self._count_end(change.kind, current)
            if change.retries:
                ended = self._of(change.kind, change.name)
                ended.retries += change.retries

    def _count_end(self, kind: str, part: Contribution) -> None:
        ended = self._of(kind, part.name)
        ended.outcomes[part.rank - FIRST_OUTCOME] += 1
        if part.duration is not None:
            ended.time += part.duration
            ended.buckets[bisect_left(self._bounds[kind], part.duration)] += 1

    def _of(self, kind: str, name: str) -> Ended:
        names = self.ended[kind]
        ended = names.get(name)
        if ended is None:
            if len(names) >= self._most:
                self.over_limit[kind] += 1
                name = OTHER
            ended = names.setdefault(name, Ended())
        return ended
