"""`tasker replay`: read the topics again."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import complain
from tasker_consumers.cli.records.options import with_option_groups
from tasker_consumers.cli.records.progress import reading_progress
from tasker_consumers.cli.records.selecting import SelectionOptions

if TYPE_CHECKING:
    from tasker_consumers.replay.selection.selection import Selection
    from tasker_consumers.settings import ConsumerSettings


@with_option_groups
def replay(
    *,
    to: Annotated[str | None, typer.Option(metavar="TOPIC", help="Publish to this topic; else JSON lines.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Really publish; without it --to only counts.")] = False,
    allow_live: Annotated[
        bool, typer.Option("--allow-live", help="Let --to name a topic that live consumers read.")
    ] = False,
    options: SelectionOptions,
) -> None:
    """Read events again, without a group: as JSON lines, or to another topic with the marks of a replay."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.replay.sinks.topic import check_target

    selection = options.selection()
    settings = read_settings_with_kafka()
    if to is None:
        _print(settings, selection)
        return
    check_target(to, selection, settings.topic_prefix, allow_live=allow_live)
    _publish(settings, selection, to, really=yes)


def _print(settings: "ConsumerSettings", selection: "Selection") -> None:
    from tasker_consumers.replay.reading.select_records import SelectedRecords
    from tasker_consumers.replay.sinks.json_lines import write_json_lines
    from tasker_schemas.avro.codec import Decoder
    from tasker_schemas.registry.lookup import open_lookup

    decoder = Decoder(open_lookup(settings.registry))
    with reading_progress() as progress:
        records = SelectedRecords(settings.kafka, selection, settings.topic_prefix, decoder, progress)
        report = write_json_lines(records, sys.stdout, decoder)
    complain(f"{report.records} records, {report.poison} of them unreadable")
    if report.poison or not report.records:
        raise typer.Exit(1)


def _publish(settings: "ConsumerSettings", selection: "Selection", target: str, *, really: bool) -> None:
    from collections import Counter

    from tasker_consumers.replay.reading.select_records import SelectedRecords
    from tasker_consumers.replay.sinks.topic import new_replay_id, republish

    with reading_progress() as progress:
        records = SelectedRecords(settings.kafka, selection, settings.topic_prefix, progress=progress)
        if really:
            replay_id = new_replay_id()
            counts = republish(settings.kafka, records, target, replay_id)
            complain(f"published {counts.total()} records to {target} as {replay_id}")
        else:
            counts = Counter(record.topic for record in records)
            complain(f"dry run: {counts.total()} records would go to {target}; add --yes to publish them")
    for topic, count in sorted(counts.items()):
        typer.echo(f"{topic}\t{count}")
    if not counts:
        raise typer.Exit(1)
