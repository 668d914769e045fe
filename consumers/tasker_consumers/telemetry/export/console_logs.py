"""Log records as lines that a person reads."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from tasker_consumers.telemetry.export.exporter import ExportResult, LocalExporter
from tasker_consumers.telemetry.logs.record import ERROR, LogRecord

_SECOND, _LAST_SECOND = 1_000_000_000, 253_402_300_799  # a calendar knows no year 10000


class ConsoleLogExporter(LocalExporter):
    """Prints a line for each log record: time, event, and the trace that it belongs to."""

    description = "console"

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()

    async def export(self, items: Sequence[LogRecord]) -> ExportResult[LogRecord]:
        """See `Exporter`."""
        for record in items:
            self._console.print(_line(record), soft_wrap=True)
        return ExportResult(len(items))


def _line(record: LogRecord) -> Text:
    seconds = min(record.time / _SECOND, _LAST_SECOND)
    time = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    colour = "red" if record.severity >= ERROR else "default"
    line = Text.assemble((f"{time} ", "dim"), (record.event_name, f"bold {colour}"), f"  {record.body}")
    return line.append(f"  trace {record.trace_id}", "dim") if record.trace_id else line
