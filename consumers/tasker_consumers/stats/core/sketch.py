"""A DDSketch of durations: percentiles within one percent, from counts that can be added and taken away again.

Durations fall into bins whose bounds grow by a constant factor (Masson, Rim and Lee, VLDB 2019). Whole microseconds up
to 31 years need at most 1,730 bins, so bins are never merged: taking a duration away is exact.
"""

import math
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

    def percentile(self, percent: int) -> float | None:
        """Return the duration of nearest rank `ceil(percent * count / 100)`, in seconds; None for an empty sketch.

        >>> sketch = Sketch()
        >>> for second in range(1, 101):
        ...     sketch.add(second * 1_000_000)
        >>> abs(sketch.percentile(95) - 95) <= 95 * ACCURACY
        True
        """
        rank = max(1, -(-percent * self.count // 100))
        cumulative = 0
        for index in sorted(self.bins):
            cumulative += self.bins[index]
            if cumulative >= rank:
                return 0.0 if index == _ZERO else 2 * math.exp(index * _LOG_GAMMA) / (_GAMMA + 1) / 1e6
        return None
