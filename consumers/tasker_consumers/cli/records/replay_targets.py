"""The targets of `tasker replay`: JSON lines, a file, or a topic."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import complain
from tasker_schemas.errors import UsageError

if TYPE_CHECKING:
    from tasker_consumers.replay.record import StoredRecord
    from tasker_consumers.replay.selection.selection import Selection
    from tasker_consumers.settings import ConsumerSettings
    from tasker_schemas.avro.codec import Decoder


@dataclass(frozen=True, kw_only=True)
class TargetOptions:
    """The destination of the records; without a destination they are printed."""

    to: Annotated[str | None, typer.Option(metavar="TOPIC", help="Publish to this topic.")] = None
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Publish each record to its own topic; needs --allow-live.")
    ] = False
    to_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an Avro container file.")] = None
    to_brokers: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="The cluster of --to; by default the one that is read.")
    ] = None
    yes: Annotated[bool, typer.Option("--yes", help="Really publish; without it records are only counted.")] = False
    allow_live: Annotated[bool, typer.Option("--allow-live", help="Allow a topic that live consumers read.")] = False
    present_times: Annotated[bool, typer.Option("--now", help="Give the records the present time.")] = False
    drop_header: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Leave this header out; may be repeated.")
    ] = None
    at_most: Annotated[int | None, typer.Option(metavar="N", help="Publish at most N records a second.")] = None

    def check(self) -> None:
        """Raise UsageError for options that contradict each other or would change nothing."""
        if sum(map(bool, (self.to, self.in_place, self.to_file))) > 1:
            raise UsageError("name one of --to, --in-place and --to-file")
        publishes = bool(self.to or self.in_place)
        of_publishing = {
            "--yes": self.yes, "--allow-live": self.allow_live, "--now": self.present_times,
            "--to-brokers": self.to_brokers, "--drop-header": self.drop_header, "--at-most": self.at_most,
        }  # fmt: skip
        idle = [name for name, value in of_publishing.items() if value]
        if idle and not publishes:
            raise UsageError(f"{idle[0]} says how to publish; name a topic with --to, or --in-place")
        if self.in_place and not self.allow_live:
            raise UsageError("--in-place publishes to topics that live consumers read; add --allow-live")
        if self.at_most is not None and self.at_most < 1:
            raise UsageError(f"--at-most is {self.at_most}; expected a number from 1")


def print_json_lines(records: "Iterable[StoredRecord]", decoder: "Decoder") -> int:
    """Print a JSON line for each record and return their number; exits with 1 if any of them is unreadable."""
    from tasker_consumers.replay.sinks.json_lines import write_json_lines

    report = write_json_lines(records, sys.stdout, decoder)
    complain(f"{report.records} records, {report.poison} of them unreadable")
    if report.poison:
        raise typer.Exit(1)
    return report.records


def write_file(records: "Iterable[StoredRecord]", file: Path) -> int:
    """Write records into an Avro container file and return their number; without records no file stays."""
    from tasker_consumers.replay.container import write_container

    count = write_container(records, file)
    if count:
        complain(f"wrote {count} records to {file}; next: tasker replay --from-file {file}")
    else:
        file.unlink()
    return count


@dataclass(slots=True)
class _Tally:
    """Counts, bytes and times of the records of a dry run."""

    size: int = 0
    oldest: int | None = None
    newest: int | None = None
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, record: "StoredRecord") -> None:
        self.size += record.size
        self.counts[record.topic] = self.counts.get(record.topic, 0) + 1
        if record.timestamp is not None:
            self.oldest = record.timestamp if self.oldest is None else min(self.oldest, record.timestamp)
            self.newest = record.timestamp if self.newest is None else max(self.newest, record.timestamp)


def publish(
    settings: "ConsumerSettings", selection: "Selection", records: "Iterable[StoredRecord]", target: TargetOptions
) -> int:
    """Check the target, count the records, and publish them if that is wanted; return how many."""
    from tasker_consumers.replay.sinks.topic import TargetTopic, check_target, new_replay_id, republish
    from tasker_consumers.times import time_text

    kafka = {**settings.kafka, "bootstrap.servers": target.to_brokers or settings.kafka["bootstrap.servers"]}
    if target.to is not None:
        if target.to_brokers is None:
            check_target(target.to, selection, settings.topic_prefix, allow_live=target.allow_live)
        topics = [TargetTopic(kafka, target.to)]
    else:
        topics = [TargetTopic(kafka, name) for name in selection.topics(settings.topic_prefix)]
    tally = _Tally()
    for record in records:
        tally.add(record)
    total = sum(tally.counts.values())
    if not total:
        return 0
    for topic in () if target.present_times else topics:
        topic.check_times(tally.oldest, time.time_ns() // 1_000_000)
    span = " to ".join(
        time_text(None if arrival is None else arrival * 1000) for arrival in (tally.oldest, tally.newest)
    )
    summary = f"{total} records, {tally.size:,} bytes, sent {span}"
    destination = target.to or "their own topics"
    if target.yes:
        replay_id = new_replay_id()
        paced = _paced(records, target.at_most)
        republish(
            kafka,
            paced,
            target.to,
            replay_id,
            keep_times=not target.present_times,
            dropped_headers=target.drop_header or (),
        )
        complain(f"published {summary}, to {destination} as {replay_id}")
    else:
        complain(f"dry run: {summary}, would go to {destination}; add --yes to publish them")
    for name, count in sorted(tally.counts.items()):
        typer.echo(f"{name}\t{count}")
    return total


def _paced(records: "Iterable[StoredRecord]", rate: int | None) -> "Iterator[StoredRecord]":
    """Yield records, at most so many a second."""
    begun = time.monotonic()
    for number, record in enumerate(records):
        if rate is not None and (pause := begun + number / rate - time.monotonic()) > 0:
            time.sleep(pause)
        yield record
