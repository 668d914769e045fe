"""The spans of replayed records, exported to a trace backend."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for OpenTelemetry

import asyncio
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import typer

from tasker_consumers.cli.output import complain
from tasker_schemas.errors import BackendUnavailable

if TYPE_CHECKING:
    from tasker_consumers.replay.record import StoredRecord
    from tasker_consumers.settings import ConsumerSettings
    from tasker_consumers.telemetry.export.exporter import Exporter, ExportResult
    from tasker_consumers.telemetry.spans.span import Span

#: Seconds for a trace backend to take all spans.
_EXPORT_LIMIT_S = 60.0


def export_spans(records: "Iterable[StoredRecord]", settings: "ConsumerSettings", *, yes: bool) -> int:
    """Export the ended spans of the records' tasks, or only count them; return the number of records.

    Exits with 1 when the backend refuses spans. Raises BackendUnavailable when it does not answer.
    """
    from tasker_consumers.telemetry.export.backends import Backend, exporter_of
    from tasker_consumers.telemetry.export.exporter import description_of
    from tasker_consumers.trace_view.rebuild import rebuild
    from tasker_consumers.trace_view.timing import is_running
    from tasker_schemas.registry.lookup import open_lookup

    run = rebuild(records, open_lookup(settings.registry))
    for line in run.unreadable:
        complain(line)
    spans = [span for span in run.spans() if not is_running(span)]
    exporter = exporter_of(os.environ, Backend.OTLP)
    target = f"{len(spans)} spans of {len(run.events)} events, to {description_of(exporter)}"
    if not yes:
        complain(f"dry run: {target}; add --yes to export them")
        return len(run.events)
    result = asyncio.run(_export(exporter, spans))
    for rejection in result.rejections:
        complain(f"the backend refused {rejection.count} spans: {rejection.reason}")
    complain(f"exported {result.accepted} of {target}")
    if result.rejected or run.unreadable:
        raise typer.Exit(1)
    return len(run.events)


async def _export(exporter: "Exporter[Span]", spans: "Sequence[Span]") -> "ExportResult[Span]":
    await exporter.start()
    try:
        return await asyncio.wait_for(exporter.export(spans), _EXPORT_LIMIT_S)
    except TimeoutError:
        raise BackendUnavailable(f"the trace backend did not take the spans within {_EXPORT_LIMIT_S:.0f} s") from None
    finally:
        await exporter.stop()
