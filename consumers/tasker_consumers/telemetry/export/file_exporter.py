"""Spans or log records as JSON lines in a file."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Generic

import orjson

from tasker_consumers.telemetry.export.exporter import ExportResult, Item
from tasker_schemas.errors import ConfigurationError


class FileExporter(Generic[Item]):
    """Appends each item as a line of JSON; a span that ends again is there again, and its last line counts."""

    def __init__(self, path: Path, to_json: Callable[[Item], dict[str, Any]]) -> None:
        self._path = path
        self._to_json = to_json
        self._file: BinaryIO | None = None

    @property
    def description(self) -> str:
        """Where the items go, for the log."""
        return f"file {self._path}"

    async def start(self) -> None:
        """See `Exporter`. Raises ConfigurationError when the file cannot be written."""
        try:
            self._file = await asyncio.to_thread(self._path.open, "ab")
        except OSError as error:
            raise ConfigurationError(
                f"The file for spans or log records, {self._path}, cannot be written: {error.strerror}."
            ) from error

    async def stop(self) -> None:
        """See `Exporter`."""
        if self._file is not None:
            self._file.close()

    def ready(self) -> bool:
        """See `Exporter`."""
        return self._file is not None

    async def export(self, items: Sequence[Item]) -> ExportResult[Item]:
        """See `Exporter`."""
        assert self._file is not None, "started before the first export"
        self._file.write(b"".join(orjson.dumps(self._to_json(item)) + b"\n" for item in items))
        self._file.flush()
        return ExportResult(len(items))
