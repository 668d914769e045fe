"""`tasker trace`: what happened in one task."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tasker_consumers.cli.output import complain, open_console, show_json

if TYPE_CHECKING:
    from tasker_consumers.replay.record import StoredRecord
    from tasker_consumers.settings import ConsumerSettings
    from tasker_consumers.telemetry.spans.span import Span
    from tasker_schemas.avro.codec import SchemaLookup


def trace(
    task_id: Annotated[str, typer.Argument(metavar="TASK_ID", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Show the spans and the statistics of one task, from the topics alone; reads one partition of each."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_schemas.registry.lookup import open_lookup

    settings = read_settings_with_kafka()
    spans, stats, unreadable = _rebuild(_records(settings, task_id), open_lookup(settings.registry))
    if as_json:
        from tasker_consumers.telemetry.spans.span import span_to_json

        show_json({"tasks": stats, "spans": [span_to_json(span) for span in spans]})
    else:
        _show(spans, stats)
    for line in unreadable:
        complain(line)
    if unreadable:
        raise typer.Exit(1)


def _records(settings: "ConsumerSettings", task_id: str) -> "list[StoredRecord]":
    from tasker_consumers.replay.reading.select_records import select_records
    from tasker_consumers.replay.selection.selection import Selection

    records = list(select_records(settings.kafka, Selection(task_id=task_id), settings.topic_prefix))
    if not records:
        complain(f"no event of task {task_id!r} in {settings.topic_prefix}.events.*; is its id right, was it long ago?")
        raise typer.Exit(1)
    return records


def _rebuild(
    records: "list[StoredRecord]", lookup: "SchemaLookup | None"
) -> "tuple[list[Span], list[dict[str, Any]], list[str]]":
    """Return spans and statistics of what can be read, and one line for each record that cannot."""
    from tasker_consumers.stats.core.fold import recompute
    from tasker_consumers.telemetry.core.event import read_event, span_decoder
    from tasker_consumers.telemetry.rebuild import spans_of_events
    from tasker_schemas.avro.codec import Decoder
    from tasker_schemas.avro.versions import RECORD_OF_FAMILY
    from tasker_schemas.errors import PoisonRecord

    decode, decode_for_spans = Decoder(lookup).decode, span_decoder(lookup).decode
    told, whole, headers, unreadable = [], [], [], []
    for record in records:
        try:
            event = read_event(record, decode_for_spans)
            whole.append(decode(RECORD_OF_FAMILY[event.family], record.value))
        except PoisonRecord as error:
            unreadable.append(f"{record.origin} cannot be read: {error}")
        else:
            told.append(event)
            headers.append(record.headers)
    stats = recompute(whole, headers)
    return spans_of_events(told), list(stats.values()), unreadable


def _show(spans: "list[Span]", stats: "list[dict[str, Any]]") -> None:
    from tasker_consumers.demo.show import stats_table
    from tasker_consumers.telemetry.export.console import render_trace

    console = open_console()
    if spans:
        console.print(render_trace(spans))
    console.print(stats_table(stats))
