"""The contract of exporters: how spans, or log records, leave for a backend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tasker_consumers.telemetry.spans.span import Attributes


class Exportable(Protocol):
    """A span or a log record: an item that a backend takes or refuses."""

    @property
    def trace_id(self) -> str:
        """The trace it belongs to, lower-case hex digits."""

    @property
    def span_id(self) -> str:
        """The span that it is, or belongs to, lower-case hex digits."""

    @property
    def service(self) -> str:
        """service.name of its resource; empty for the default."""

    @property
    def version(self) -> str:
        """service.version of its resource; empty when no event tells it."""

    @property
    def attributes(self) -> Attributes:
        """Its attributes."""


Item = TypeVar("Item", bound=Exportable)


@dataclass(frozen=True, slots=True)
class Rejection(Generic[Item]):
    """Items that the backend will never take, with its own words.

    After a partial success the backend does not say which they are: then `items` are more than `count`.
    """

    count: int
    reason: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class ExportResult(Generic[Item]):
    """How an export ended: how many items the backend took, and the items that it will never take."""

    accepted: int
    rejections: Sequence[Rejection[Item]] = ()

    @property
    def rejected(self) -> int:
        """How many items the backend refused for good."""
        return sum(rejection.count for rejection in self.rejections)


class Exporter(Protocol[Item]):
    """Takes spans, or log records, to a backend. The caller waits, and may cancel: the same items then come again."""

    async def start(self) -> None:
        """Open connections; called once, before the first export."""

    async def stop(self) -> None:
        """Close them; called once, after the last export."""

    def ready(self) -> bool:
        """Return whether the backend took the items of the last export."""

    async def export(self, items: Sequence[Item]) -> ExportResult[Item]:
        """Return when the backend has taken or refused every item; trouble that may pass is waited out."""


def description_of(exporter: object) -> str:
    """Return where spans go, without credentials, for the log: an exporter's `description`, else the name of its class.

    >>> description_of(NoExporter())
    'none: no span is exported'
    """
    return str(getattr(exporter, "description", type(exporter).__name__))


class LocalExporter:
    """The part of an exporter that has no backend to connect to, and that is always ready."""

    async def start(self) -> None:
        """See `Exporter`."""

    async def stop(self) -> None:
        """See `Exporter`."""

    def ready(self) -> bool:
        """See `Exporter`."""
        return True


class NoExporter(LocalExporter, Generic[Item]):
    """Takes every span and keeps none; for `OTEL_TRACES_EXPORTER=none`."""

    description = "none: no span is exported"

    async def export(self, items: Sequence[Item]) -> ExportResult[Item]:
        """See `Exporter`."""
        return ExportResult(len(items))
