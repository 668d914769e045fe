"""A backend with a terminal or a file beside it."""

from collections.abc import Sequence
from typing import Generic

from tasker_consumers.telemetry.export.exporter import Exporter, ExportResult, Item, description_of


class FanOut(Generic[Item]):
    """Exports to the primary exporter, whose result counts, and then shows the same items to the side exporters.

    Two servers are never together here: a server that is away would hold up the other (docs/decisions/0013).
    """

    def __init__(self, primary: Exporter[Item], side_exporters: Sequence[Exporter[Item]]) -> None:
        self._primary = primary
        self._side_exporters = side_exporters

    @property
    def description(self) -> str:
        """Where spans or log records go, for the log."""
        return " and ".join(description_of(exporter) for exporter in (self._primary, *self._side_exporters))

    async def start(self) -> None:
        """See `Exporter`."""
        for exporter in (self._primary, *self._side_exporters):
            await exporter.start()

    async def stop(self) -> None:
        """See `Exporter`."""
        for exporter in (self._primary, *self._side_exporters):
            await exporter.stop()

    def ready(self) -> bool:
        """See `Exporter`."""
        return all(exporter.ready() for exporter in (self._primary, *self._side_exporters))

    async def export(self, items: Sequence[Item]) -> ExportResult[Item]:
        """See `Exporter`."""
        result = await self._primary.export(items)
        for exporter in self._side_exporters:
            await exporter.export(items)
        return result
