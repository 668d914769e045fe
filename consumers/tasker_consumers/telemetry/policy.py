"""When spans are exported, and which of them: the operator's choices."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import ERROR, Span
from tasker_consumers.telemetry.spans.tracestate import with_threshold
from tasker_schemas.environment import duration, flag, number, text
from tasker_schemas.headers import SAMPLED

_PREFIX = "TASKER_TELEMETRY_"
_NANOSECONDS = 1_000_000_000
_LONGEST_S = 1e9  # thirty years
_IDS = 1 << 56  # W3C Trace Context 2 promises randomness in the last 7 bytes of a trace id


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which spans to export and when; by default each span, as soon as its end is known."""

    names: SpanNames = SpanNames.TASKER
    grace_s: float = 0.0  # how long an ended span waits for late events
    provisional: bool = False  # export the task's span once already when it starts
    ratio: float = 1.0  # of the tasks that neither failed nor were slow
    slow_s: float | None = None  # tasks that took longer are always kept

    @classmethod
    def from_env(cls, environ: Mapping[str, str], names: SpanNames = SpanNames.TASKER) -> Self:
        """Read `TASKER_TELEMETRY_GRACE_S`, `_PROVISIONAL`, `_SAMPLE_RATIO` and `_SAMPLE_SLOW_S`.

        >>> Policy.from_env({"TASKER_TELEMETRY_SAMPLE_RATIO": "0.1"}).ratio
        0.1

        Raises ConfigurationError that names the variable and the expected values.
        """
        slow_name = _PREFIX + "SAMPLE_SLOW_S"
        slow = duration(environ, slow_name, 0.0, maximum=_LONGEST_S) if text(environ, slow_name) else None
        return cls(
            names=names,
            grace_s=duration(environ, _PREFIX + "GRACE_S", 0.0, maximum=86_400.0),
            provisional=flag(environ, _PREFIX + "PROVISIONAL", default=False),
            ratio=number(environ, _PREFIX + "SAMPLE_RATIO", 1.0, minimum=0.0, maximum=1.0),
            slow_s=slow,
        )

    @property
    def samples(self) -> bool:
        """Whether a task's spans wait for its end, because only that tells whether they are kept."""
        return self.ratio < 1.0

    @property
    def sampling(self) -> str:
        """Which tasks are kept, for the log.

        >>> Policy(ratio=0.1, slow_s=5).sampling
        '0.1 of the tasks, all that failed, all above 5 s'
        """
        if not self.samples:
            return "none, every task is kept"
        slow = "" if self.slow_s is None else f", all above {self.slow_s:g} s"
        return f"{self.ratio:g} of the tasks, all that failed{slow}"

    @property
    def at_once(self) -> bool:
        """Whether a span goes as soon as its end is known."""
        return self.grace_s == 0.0 and self.ratio >= 1.0

    @property
    def threshold(self) -> int:
        """The number of 56 bits that the random part of a trace id must reach to be kept: OpenTelemetry's own rule."""
        return min(_IDS, round((1.0 - self.ratio) * _IDS))

    def keeps(self, root: Span) -> bool:
        """Return whether a task is kept: by its outcome, its duration, or its trace id, the same on any restart."""
        return self.keeps_always(root) or (self.ratio > 0 and int(root.trace_id[-14:], 16) >= self.threshold)

    def keeps_always(self, root: Span) -> bool:
        """Return whether a task is kept whatever its trace id is, because it failed or was slow."""
        slow = self.slow_s is not None and root.end - root.start > self.slow_s * _NANOSECONDS
        return root.status == ERROR or slow

    def with_threshold(self, spans: list[Span]) -> list[Span]:
        """Return spans that the ratio kept, with its threshold in their tracestate."""
        return [replace(span, tracestate=with_threshold(span.tracestate, self.threshold)) for span in spans]

    @staticmethod
    def unsampled(flags: int) -> int:
        """Return the flags of a span that is not kept."""
        return flags & ~SAMPLED
