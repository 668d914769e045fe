"""One backend with a terminal or a file beside it."""

from collections.abc import Sequence

from tasker_consumers.telemetry.export.exporter import Exporter, ExportResult, description_of
from tasker_consumers.telemetry.spans.span import Span


class FanOut:
    """Exports to the first exporter, whose result counts, and then shows the same spans to the others.

    Two servers are never together here: one that is away would hold up the other (docs/decisions/0013).
    """

    def __init__(self, first: Exporter, others: Sequence[Exporter]) -> None:
        self._first = first
        self._others = others

    @property
    def description(self) -> str:
        """Where spans go, for the log."""
        return " and ".join(description_of(exporter) for exporter in (self._first, *self._others))

    async def start(self) -> None:
        """See `Exporter`."""
        for exporter in (self._first, *self._others):
            await exporter.start()

    async def stop(self) -> None:
        """See `Exporter`."""
        for exporter in (self._first, *self._others):
            await exporter.stop()

    def ready(self) -> bool:
        """See `Exporter`."""
        return all(exporter.ready() for exporter in (self._first, *self._others))

    async def export(self, spans: Sequence[Span]) -> ExportResult:
        """See `Exporter`."""
        result = await self._first.export(spans)
        for exporter in self._others:
            await exporter.export(spans)
        return result
