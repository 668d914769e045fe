"""`tasker replay`: read the topics again."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import complain
from tasker_schemas.names import Family

if TYPE_CHECKING:
    from tasker_consumers.replay.select import Selection
    from tasker_consumers.settings import ConsumerSettings


def replay(  # noqa: PLR0913  each parameter is an option
    *,
    task: Annotated[
        str | None, typer.Option(help="Only this task's events: reads one partition of each topic.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only what was sent from then on: 2026-01-31T14:00, or 90s, 15m, 2h, 7d ago.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Only what was sent before.")] = None,
    family: Annotated[list[Family] | None, typer.Option(help="Only this family of events; may be repeated.")] = None,
    event: Annotated[list[str] | None, typer.Option(help="Only events of this name; may be repeated.")] = None,
    to: Annotated[str | None, typer.Option(metavar="TOPIC", help="Publish to this topic; else JSON lines.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Really publish; without it --to only counts.")] = False,
    allow_live: Annotated[
        bool, typer.Option("--allow-live", help="Let --to name a topic that live consumers read.")
    ] = False,
) -> None:
    """Read events again, without a group: as JSON lines, or to another topic with the marks of a replay."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.replay.sinks.topic import check_target

    settings = read_settings_with_kafka()
    selection = _selection(task, (since, until), family, event)
    if to is None:
        _print(settings, selection)
        return
    check_target(to, selection, settings.topic_prefix, allow_live=allow_live)
    _publish(settings, selection, to, really=yes)


def _selection(
    task: str | None, times: tuple[str | None, str | None], family: list[Family] | None, event: list[str] | None
) -> "Selection":
    from datetime import UTC, datetime

    from tasker_consumers.replay.select import Selection
    from tasker_consumers.times import read_moment

    now = datetime.now(UTC)
    since, until = (None if text is None else read_moment(text, now) for text in times)
    return Selection(
        task_id=task,
        since=since,
        until=until,
        families=frozenset(family or Family),
        names=frozenset(event or ()),
    )


def _print(settings: "ConsumerSettings", selection: "Selection") -> None:
    from tasker_consumers.replay.sinks.json_lines import write_json_lines
    from tasker_consumers.replay.source import select_records
    from tasker_schemas.avro.codec import Decoder
    from tasker_schemas.registry.lookup import open_lookup

    decoder = Decoder(open_lookup(settings.registry))
    written = write_json_lines(select_records(settings.kafka, selection, settings.topic_prefix), sys.stdout, decoder)
    complain(f"{written.records} records, {written.poison} of them unreadable")
    if written.poison:
        raise typer.Exit(1)


def _publish(settings: "ConsumerSettings", selection: "Selection", target: str, *, really: bool) -> None:
    from collections import Counter

    from tasker_consumers.replay.sinks.topic import new_replay_id, republish
    from tasker_consumers.replay.source import select_records

    records = select_records(settings.kafka, selection, settings.topic_prefix)
    if really:
        replay_id = new_replay_id()
        counts = republish(settings.kafka, records, target, replay_id)
        complain(f"published {counts.total()} records to {target} as {replay_id}")
    else:
        counts = Counter(record.topic for record in records)
        complain(f"dry run: {counts.total()} records would go to {target}; add --yes to publish them")
    for topic, count in sorted(counts.items()):
        typer.echo(f"{topic}\t{count}")
