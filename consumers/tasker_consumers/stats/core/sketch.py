"""A DDSketch of durations: quantiles within one percent, from a few numbers that can be added and taken away again.

Durations fall into bins whose bounds grow by a constant factor (Masson, Rim and Lee, VLDB 2019). Whole microseconds up
to 31 years need at most 1,730 bins, so none is ever merged into another: taking a duration away is exact.
"""

import math
from dataclasses import dataclass, field

#: How far a quantile may be off, relative to its true value.
ACCURACY = 0.01

_GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)
_ZERO = -1  # the bin of durations below one microsecond


@dataclass
class Sketch:
    """How often durations of each size occurred; durations are microseconds."""

    bins: dict[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many durations are in here."""
        return sum(self.bins.values())

    def add(self, duration: int, times: int = 1) -> None:
        """Add a duration; `times=-1` takes one away that was added before."""
        self._add(_ZERO if duration < 1 else math.ceil(math.log(duration) / _LOG_GAMMA), times)

    def merge(self, other: "Sketch", times: int = 1) -> None:
        """Add all that another sketch holds; `times=-1` takes it away."""
        for index, count in other.bins.items():
            self._add(index, times * count)

    def _add(self, index: int, times: int) -> None:
        left = self.bins.get(index, 0) + times
        if left:
            self.bins[index] = left
        else:
            self.bins.pop(index, None)

    def quantile(self, share: float) -> float | None:
        """Return the duration that this share of all durations does not exceed, in seconds; None if there are none.

        >>> sketch = Sketch()
        >>> for second in range(1, 101):
        ...     sketch.add(second * 1_000_000)
        >>> abs(sketch.quantile(0.95) - 95) <= 95 * ACCURACY
        True
        """
        wanted = share * (self.count - 1)
        seen = 0
        for index in sorted(self.bins):
            seen += self.bins[index]
            if seen > wanted:
                return 0.0 if index == _ZERO else 2 * math.exp(index * _LOG_GAMMA) / (_GAMMA + 1) / 1e6
        return None
