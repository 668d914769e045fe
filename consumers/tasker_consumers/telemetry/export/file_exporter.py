"""Spans as JSON lines in a file."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import orjson

from tasker_consumers.telemetry.export.exporter import ExportResult
from tasker_consumers.telemetry.spans.span import Span, span_to_json
from tasker_schemas.errors import ConfigurationError


class FileExporter:
    """Appends each span as a line of JSON; a span that ends again is there again, and its last line counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None

    @property
    def description(self) -> str:
        """Where spans go, for the log."""
        return f"file {self._path}"

    async def start(self) -> None:
        """See `Exporter`. Raises ConfigurationError when the file cannot be written."""
        try:
            self._file = await asyncio.to_thread(self._path.open, "ab")
        except OSError as error:
            raise ConfigurationError(
                f"The file for spans, {self._path}, cannot be written: {error.strerror}."
            ) from error

    async def stop(self) -> None:
        """See `Exporter`."""
        if self._file is not None:
            self._file.close()

    def ready(self) -> bool:
        """See `Exporter`."""
        return self._file is not None

    async def export(self, spans: Sequence[Span]) -> ExportResult:
        """See `Exporter`."""
        assert self._file is not None, "started before the first export"
        self._file.write(b"".join(orjson.dumps(span_to_json(span)) + b"\n" for span in spans))
        self._file.flush()
        return ExportResult(len(spans))
