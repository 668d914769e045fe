"""`tasker dlq`: records that a group could not process: list, show, put back, drop."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import Annotated

import typer

from tasker_consumers.cli.frame.hints import command_line
from tasker_consumers.cli.output import complain, echo, show_json, show_table
from tasker_consumers.cli.records.dlq_letters import group_settings, letter_selection, original_records
from tasker_consumers.cli.records.moments import read_option_moment
from tasker_consumers.cli.records.options import Consent, with_option_groups

app = typer.Typer(
    help="Look at records that a group could not process, put them back, or drop them.", no_args_is_help=True
)

Group = Annotated[
    str, typer.Argument(metavar="GROUP", show_default=False, help="The group that failed: stats or telemetry.")
]
Reason = Annotated[str | None, typer.Option(metavar="TEXT", help="Letters whose message contains this.")]
Topic = Annotated[str | None, typer.Option(metavar="TOPIC", help="Letters of records of this topic.")]
Since = Annotated[str | None, typer.Option(metavar="TIME", help="Letters that arrived from then on.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on each line.")]
_COLUMNS = ("count", "topic", "reason", "attempts", "newest", "position", "message")


@app.command("list")
def list_letters(
    group: Group, *, reason: Reason = None, topic: Topic = None, since: Since = None, as_json: Json = False
) -> None:
    """Count a group's dead letters by topic and reason, with the newest of each. Exit code 1 if there are none."""
    from tasker_consumers.replay.dead_letters import grouped, read_letters
    from tasker_consumers.times import time_text

    selection = letter_selection(reason, topic, since)
    settings, dlq_topic = group_settings(group)
    groups = grouped(read_letters(settings.kafka, dlq_topic, selection))
    if not groups:
        complain(f"no dead letter fits in {dlq_topic}")
        raise typer.Exit(1)
    rows = []
    for item in groups:
        newest = item.newest
        if newest is None:
            continue
        sent = None if newest.letter.timestamp is None else newest.letter.timestamp * 1000
        position = f"{newest.letter.partition}:{newest.letter.offset}"
        cells = (item.count, item.topic, item.reason, item.attempts, time_text(sent), position, newest.message)
        rows.append(dict(zip(_COLUMNS, cells, strict=True)))
    if as_json:
        for row in rows:
            show_json(row)
        return
    show_table(_COLUMNS, [[str(cell) for cell in row.values()] for row in rows])
    newest_letter = command_line("tasker dlq show", group, str(rows[0]["position"]))
    complain(f"next: {newest_letter}; {command_line('tasker dlq requeue', group)}")


@app.command("show")
def show_letter(
    group: Group,
    position: Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", show_default=False, help="From `list`.")],
    *,
    as_json: Json = False,
) -> None:
    """Show one dead letter whole."""
    from tasker_consumers.cli.records.show import show

    _, dlq_topic = group_settings(group)
    show(f"{dlq_topic}/{position}", as_json)


@app.command()
@with_option_groups
def requeue(
    group: Group,
    *,
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    offset: Annotated[
        list[str] | None, typer.Option(metavar="PARTITION:OFFSET", help="This letter; may be repeated.")
    ] = None,
    consent: Consent,
) -> None:
    """Put records back into the topics they came from, byte for byte, with their attempts counted.

    A record that comes twice changes no statistic and no span. The letters stay until `tasker dlq drop`.
    """
    from tasker_consumers.replay.dead_letters import read_letters
    from tasker_consumers.replay.sinks.topic import put_back

    consent.check()
    selection = letter_selection(reason, topic, since, offset)
    settings, dlq_topic = group_settings(group)
    letters = list(read_letters(settings.kafka, dlq_topic, selection))
    records, lost = original_records(settings, letters)
    for letter in lost:
        complain(f"{letter.letter.origin}: the record {letter.topic}/{letter.partition}/{letter.offset} is gone")
    if not records:
        complain(f"no dead letter fits in {dlq_topic}")
        raise typer.Exit(1)
    if consent.yes:
        put_back(settings.kafka, records)
        complain(f"put {len(records)} records back")
    else:
        complain(f"dry run: {len(records)} records would be put back; add --yes to do it")
    for name in sorted({record.topic for record in records}):
        echo(f"{name}\t{sum(record.topic == name for record in records)}")
    if lost:
        raise typer.Exit(1)


@app.command()
@with_option_groups
def drop(
    group: Group,
    *,
    moment_text: Annotated[
        str, typer.Option("--before", metavar="TIME", help="Letters that arrived before: now, 7d, a date.")
    ],
    consent: Consent,
) -> None:
    """Delete a group's dead letters that arrived before a moment; Kafka deletes from the beginning of a partition."""
    from tasker_consumers.kafka.topics import connect
    from tasker_consumers.replay.dead_letters import ends_before

    consent.check()
    moment = read_option_moment("--before", moment_text)
    settings, dlq_topic = group_settings(group)
    spans = ends_before(settings.kafka, dlq_topic, moment)
    count = sum(span.end - span.start for span in spans)
    if not count:
        complain(f"no dead letter in {dlq_topic} arrived before {moment_text}")
        raise typer.Exit(1)
    if not consent.yes:
        complain(f"dry run: {count} dead letters of {dlq_topic} would be deleted; add --yes to delete them")
        return
    from confluent_kafka import TopicPartition

    admin = connect(settings.kafka)  # its answers end with it
    futures = admin.delete_records([TopicPartition(s.topic, s.partition, s.end) for s in spans], request_timeout=10)
    for future in futures.values():
        future.result()
    complain(f"deleted {count} dead letters of {dlq_topic}")
