"""A DDSketch of durations: percentiles within one percent, from counts that can be added and taken away again.

Durations fall into bins whose bounds grow by a constant factor (Masson, Rim and Lee, VLDB 2019). Whole microseconds up
to 31 years need at most 1,730 bins, so bins are never merged: taking a duration away is exact.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

#: Largest relative error of a percentile.
ACCURACY = 0.01

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)
_ZERO = -1  # the bin of durations below one microsecond


@dataclass
class Sketch:
    """Number of durations in each bin; durations are microseconds."""

    bins: dict[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Return the number of durations."""
        return sum(self.bins.values())

    def add(self, duration: int, times: int = 1) -> None:
        """Add a duration; `times=-1` takes a duration away that was added before."""
        self._add(_ZERO if duration < 1 else math.ceil(math.log(duration) / _LOG_GAMMA), times)

    def merge(self, sketch: "Sketch", times: int = 1) -> None:
        """Add all durations of another sketch; `times=-1` takes them away."""
        for index, count in sketch.bins.items():
            self._add(index, times * count)

    def _add(self, index: int, times: int) -> None:
        count = self.bins.get(index, 0) + times
        if count:
            self.bins[index] = count
        else:
            self.bins.pop(index, None)

    def percentiles(self, percents: Sequence[int], total: int) -> list[float | None]:
        """Return the durations of nearest rank `ceil(percent * count / 100)`, in seconds; None for an empty sketch.

        The percentile 100 is the longest duration. `total` is the sum of all durations in microseconds: a single
        duration equals it, and the longest duration is not below the mean.

        >>> sketch = Sketch()
        >>> for second in [1] * 9 + [60]:
        ...     sketch.add(second * 1_000_000)
        >>> [round(value, 1) for value in sketch.percentiles([50, 99, 100], total=69_000_000)]
        [1.0, 60.0, 60.0]
        """
        count = self.count
        if count <= 0:
            return [None] * len(percents)
        mean = total / count / 1e6
        longest = mean if count == 1 else max(_seconds(max(self.bins)), mean)
        ranks = [-(-percent * count // 100) for percent in percents]
        return [longest if rank == count else min(self._at_rank(rank), longest) for rank in ranks]

    def _at_rank(self, rank: int) -> float:
        cumulative, index = 0, _ZERO
        for index in sorted(self.bins):
            cumulative += self.bins[index]
            if cumulative >= rank:
                break
        return _seconds(index)


def _seconds(index: int) -> float:
    """Return the duration that stands for a bin, in seconds."""
    return 0.0 if index == _ZERO else 2 * math.exp(index * _LOG_GAMMA) / (_GAMMA + 1) / 1e6
