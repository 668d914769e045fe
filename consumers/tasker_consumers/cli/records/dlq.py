"""`tasker dlq`: records that a group could not process: list, show, put back, drop."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import complain, printable, show_json, show_table
from tasker_schemas.errors import UsageError

if TYPE_CHECKING:
    from tasker_consumers.replay.dead_letters import DeadLetter, LetterSelection
    from tasker_consumers.replay.record import StoredRecord
    from tasker_consumers.settings import ConsumerSettings

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

    settings, dlq_topic = _settings(group)
    groups = grouped(read_letters(settings.kafka, dlq_topic, _selection(reason, topic, since)))
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
    show_table(_COLUMNS, [[printable(str(cell)).replace("\n", " ") for cell in row.values()] for row in rows])
    complain(f"next: tasker dlq show {group} {rows[0]['position']}; tasker dlq requeue {group}")


@app.command("show")
def show_letter(
    group: Group,
    position: Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", show_default=False, help="From `list`.")],
    *,
    as_json: Json = False,
) -> None:
    """Show one dead letter whole."""
    from tasker_consumers.cli.records.show import show

    _, dlq_topic = _settings(group)
    show(f"{dlq_topic}/{position}", as_json)


@app.command()
def requeue(
    group: Group,
    *,
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    offset: Annotated[
        list[str] | None, typer.Option(metavar="PARTITION:OFFSET", help="This letter; may be repeated.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Really publish; without it letters are only counted.")] = False,
) -> None:
    """Put records back into the topics they came from, byte for byte, with their attempts counted.

    A record that comes twice changes no statistic and no span. The letters stay until `tasker dlq drop`.
    """
    from tasker_consumers.replay.dead_letters import read_letters
    from tasker_consumers.replay.sinks.topic import put_back

    settings, dlq_topic = _settings(group)
    letters = list(read_letters(settings.kafka, dlq_topic, _selection(reason, topic, since, offset)))
    records, lost = _originals(settings, letters)
    for letter in lost:
        complain(f"{letter.letter.origin}: the record {letter.topic}/{letter.partition}/{letter.offset} is gone")
    if not records:
        complain(f"no dead letter fits in {dlq_topic}")
        raise typer.Exit(1)
    if yes:
        put_back(settings.kafka, records)
        complain(f"put {len(records)} records back")
    else:
        complain(f"dry run: {len(records)} records would be put back; add --yes to do it")
    for name in sorted({record.topic for record in records}):
        typer.echo(f"{name}\t{sum(record.topic == name for record in records)}")
    if lost:
        raise typer.Exit(1)


@app.command()
def drop(
    group: Group,
    *,
    moment_text: Annotated[
        str, typer.Option("--before", metavar="TIME", help="Letters that arrived before: now, 7d, a date.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Really delete; without it letters are only counted.")] = False,
) -> None:
    """Delete a group's dead letters that arrived before a moment; Kafka deletes from the beginning of a partition."""
    from tasker_consumers.kafka.topics import connect
    from tasker_consumers.replay.dead_letters import ends_before

    settings, dlq_topic = _settings(group)
    moment = _moment("--before", moment_text)
    spans = ends_before(settings.kafka, dlq_topic, moment)
    count = sum(span.end - span.start for span in spans)
    if not count:
        complain(f"no dead letter in {dlq_topic} arrived before {moment_text}")
        raise typer.Exit(1)
    if not yes:
        complain(f"dry run: {count} dead letters of {dlq_topic} would be deleted; add --yes to delete them")
        return
    from confluent_kafka import TopicPartition

    admin = connect(settings.kafka)  # its answers end with it
    futures = admin.delete_records([TopicPartition(span.topic, span.partition, span.end) for span in spans])
    for future in futures.values():
        future.result(10)
    complain(f"deleted {count} dead letters of {dlq_topic}")


def _settings(group: str) -> "tuple[ConsumerSettings, str]":
    """Return the settings, and the topic of a group's dead letters; raises UsageError for an unknown group."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_schemas.topics import all_topics, dead_letter_topic

    settings = read_settings_with_kafka()
    topic = dead_letter_topic(group, settings.topic_prefix)
    prefix = dead_letter_topic("", settings.topic_prefix)
    groups = [
        item.name.removeprefix(prefix) for item in all_topics(settings.topic_prefix) if item.name.startswith(prefix)
    ]
    if group not in groups:
        raise UsageError(f"GROUP is {group!r}; expected one of {', '.join(groups)}")
    return settings, topic


def _selection(
    reason: str | None, topic: str | None, since: str | None, offsets: list[str] | None = None
) -> "LetterSelection":
    from tasker_consumers.replay.dead_letters import LetterSelection
    from tasker_consumers.replay.position import read_position

    positions = [read_position(text, "") for text in offsets or ()]
    return LetterSelection(
        reason=reason,
        topic=topic,
        since=None if since is None else _moment("--since", since),
        positions=frozenset((position.partition, position.offset) for position in positions),
    )


def _moment(option: str, text: str) -> int:
    from datetime import UTC, datetime

    from tasker_consumers.times import read_moment

    try:
        return read_moment(text, datetime.now(UTC))
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from None


def _originals(
    settings: "ConsumerSettings", letters: "list[DeadLetter]"
) -> "tuple[list[StoredRecord], list[DeadLetter]]":
    """Return the records to put back, and the letters whose record is gone."""
    from tasker_consumers.replay.dead_letters import original_record

    records, lost = [], []
    for letter in letters:
        record = original_record(settings.kafka, letter) if letter.partition >= 0 else None
        if record is None:
            lost.append(letter)
        else:
            records.append(record)
    return records, lost
