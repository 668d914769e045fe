"""`tasker show`: a whole record. `tasker tail`: events as they arrive."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tasker_consumers.cli.output import complain, echo, open_console, print_lines, printable, show_json
from tasker_consumers.cli.records.decoding import matcher_of, open_decoder
from tasker_consumers.cli.records.options import with_option_groups
from tasker_consumers.cli.records.selecting import SelectionOptions
from tasker_schemas.errors import UsageError

if TYPE_CHECKING:
    from tasker_consumers.replay.record_text import EventLine


def show(
    position: Annotated[
        str,
        typer.Argument(
            metavar="POSITION",
            show_default=False,
            help="PARTITION:OFFSET, or with a family or topic: step/3:120, tasker.events.step/3/120.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Show one record whole: headers in their order, schema, payload, bytes, times of arrival and event."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.replay.position import read_position, records_at
    from tasker_consumers.replay.record_text import framing_of, record_lines
    from tasker_consumers.replay.sinks.json_lines import record_to_json

    settings = read_settings_with_kafka()
    records = records_at(settings.kafka, read_position(position, settings.topic_prefix), settings.topic_prefix)
    if not records:
        complain(f"no record lies at {position}; it was deleted, compacted away, or not written yet")
        raise typer.Exit(1)
    if len(records) > 1:
        raise UsageError(f"{position} names {len(records)} records; write {' or '.join(r.origin for r in records)}")
    decoder = open_decoder(settings)
    if as_json:
        show_json({**record_to_json(records[0], decoder), "framing": framing_of(records[0].value)})
        return
    for name, text in record_lines(records[0], decoder):
        first_line, *more_lines = printable(text).splitlines() or [""]
        echo(f"{name:<24}{first_line}")
        for line in more_lines:
            echo(f"{'':<24}{line}")


@with_option_groups
def tail(
    *,
    rate: Annotated[int, typer.Option(metavar="N", help="At most so many events a second; others are counted.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on each line.")] = False,
    options: SelectionOptions,
) -> None:
    """Follow events as they arrive, a line for each; from --since or --offset on, else from the ends of the topics."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.replay.follow import RateLimit, follow
    from tasker_consumers.replay.record_text import event_line
    from tasker_consumers.replay.sinks.json_lines import record_to_json

    selection = options.selection()
    if rate < 1:
        raise UsageError(f"--rate is {rate}; expected a number from 1")
    settings = read_settings_with_kafka()
    decoder = open_decoder(settings)
    matcher = matcher_of(selection, decoder)
    count = 0
    console = open_console()
    for item in follow(settings.kafka, selection, settings.topic_prefix, matcher, RateLimit(rate)):
        if isinstance(item, int):
            complain(f"{item:,} events not shown; --rate shows more, a selection leaves out others")
        elif as_json:
            show_json(record_to_json(item, decoder))
        else:
            print_lines([_text_of(event_line(item, decoder))], console)
        sys.stdout.flush()
        count += not isinstance(item, int)
        if count == selection.limit:
            return


def _text_of(line: "EventLine") -> Any:
    from rich.text import Text

    text = Text.assemble(
        (line.time, "dim"), "  ", (f"{line.name:<28}", "red" if line.error else "cyan"), " ", line.task
    )
    if line.step:
        text.append(f"  {line.step}", "bold")
    if line.error:
        text.append(f"  {line.error}", "red")
    return text
