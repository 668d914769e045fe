"""The contract of exporters: how spans leave for a backend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tasker_consumers.telemetry.spans.span import Span


@dataclass(frozen=True, slots=True)
class Rejection:
    """Spans that the backend will never take, with its own words.

    After a partial success the backend does not say which they are: then `spans` are more than `count`.
    """

    count: int
    reason: str
    spans: Sequence[Span]


@dataclass(frozen=True, slots=True)
class ExportResult:
    """How an export ended: the spans that the backend took, and the spans that it will never take."""

    accepted: int
    rejections: Sequence[Rejection] = ()

    @property
    def rejected(self) -> int:
        """How many spans the backend refused for good."""
        return sum(rejection.count for rejection in self.rejections)


class Exporter(Protocol):
    """Takes spans to a backend. The caller waits, and may cancel: the same spans then come again."""

    async def start(self) -> None:
        """Open connections; called once, before the first export."""

    async def stop(self) -> None:
        """Close them; called once, after the last export."""

    def ready(self) -> bool:
        """Return whether the backend took the spans of the last export."""

    async def export(self, spans: Sequence[Span]) -> ExportResult:
        """Return when the backend has taken or refused every span; trouble that may pass is waited out."""


def description_of(exporter: object) -> str:
    """Return where spans go, without credentials, for the log: an exporter's `description`, else the name of its class.

    >>> description_of(NoExporter())
    'none: no span is exported'
    """
    return str(getattr(exporter, "description", type(exporter).__name__))


class NoExporter:
    """Takes every span and keeps none; for `OTEL_TRACES_EXPORTER=none`."""

    description = "none: no span is exported"

    async def start(self) -> None:
        """See `Exporter`."""

    async def stop(self) -> None:
        """See `Exporter`."""

    def ready(self) -> bool:
        """See `Exporter`."""
        return True

    async def export(self, spans: Sequence[Span]) -> ExportResult:
        """See `Exporter`."""
        return ExportResult(len(spans))
