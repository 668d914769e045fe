"""The options of `tasker replay` that name a target, and the rules by which they go together."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tasker_consumers.cli.records.options import Consent
from tasker_schemas.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class TargetOptions:
    """The destination of the records; without a destination they are printed."""

    to: Annotated[str | None, typer.Option(metavar="TOPIC", help="Publish to this topic.")] = None
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Publish each record to its own topic; needs --allow-live.")
    ] = False
    to_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Write an Avro container file.")] = None
    to_otlp: Annotated[
        bool, typer.Option("--to-otlp", help="Export the spans of the tasks to the backend of OTEL_EXPORTER_OTLP_*.")
    ] = False
    call: Annotated[
        str | None, typer.Option(metavar="MODULE:FUNCTION", help="Call this function or class for each record.")
    ] = None
    shrink: Annotated[
        bool, typer.Option("--shrink", help="With --call: write the fewest events that fail, and a test of them.")
    ] = False
    into: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The folder of --shrink; by default the current.")
    ] = None
    to_brokers: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="The cluster of --to; by default the one that is read.")
    ] = None
    yes: Annotated[bool, typer.Option("--yes", help="Really publish; without it records are only counted.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check and count, as without --yes.")] = False
    allow_live: Annotated[bool, typer.Option("--allow-live", help="Allow a topic that live consumers read.")] = False
    present_times: Annotated[bool, typer.Option("--now", help="Give the records the present time.")] = False
    drop_header: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Leave this header out; may be repeated.")
    ] = None
    keep_header: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="With --to-brokers: a header that goes along; may be repeated."),
    ] = None
    resume: Annotated[
        str | None,
        typer.Option(metavar="REPLAY-ID", help="Go on with an interrupted replay: leave out what it published."),
    ] = None
    speed: Annotated[
        str | None, typer.Option(metavar="SPEED", help="max (default), 1 for the speed of the events, 10 for tenfold.")
    ] = None
    at_most: Annotated[str | None, typer.Option(metavar="N/s", help="At most N records a second.")] = None

    @property
    def publishes(self) -> bool:
        """Whether records go to Kafka."""
        return bool(self.to or self.in_place)

    def replay_id(self) -> str:
        """Return the id of the replay that goes on, else a new id."""
        from tasker_consumers.replay.sinks.target_names import new_replay_id

        return self.resume or new_replay_id()

    def check(self) -> None:
        """Raise UsageError for options that contradict each other, mean nothing, or would change nothing."""
        self._check_values()
        targets = {
            "--to": self.to, "--in-place": self.in_place, "--to-file": self.to_file, "--to-otlp": self.to_otlp,
            "--call": self.call,
        }  # fmt: skip
        named = [option for option, value in targets.items() if value]
        if len(named) > 1:
            raise UsageError(f"{named[0]} and {named[1]} are two targets; name one")
        for problem in self._idle():
            raise UsageError(problem)
        if self.in_place and not self.allow_live:
            raise UsageError("--in-place publishes to topics that live consumers read; add --allow-live")
        Consent(yes=self.yes, dry_run=self.dry_run).check()

    def _check_values(self) -> None:
        """Raise UsageError for a value that no run could use."""
        from tasker_consumers.replay.calling.handler import split_target
        from tasker_consumers.replay.pacing import read_rate, read_speed
        from tasker_consumers.replay.sinks.target_names import check_replay_id, check_topic_name
        from tasker_consumers.settings import check_brokers

        if self.speed is not None:
            read_speed(self.speed)
        if self.at_most is not None:
            read_rate(self.at_most)
        if self.call is not None:
            split_target(self.call)
        if self.to is not None:
            check_topic_name("--to", self.to)
        if self.to_brokers is not None:
            check_brokers(self.to_brokers, "--to-brokers")
        if self.resume is not None:
            check_replay_id(self.resume)

    def _idle(self) -> Iterator[str]:
        """Yield a sentence for each option that would change nothing."""
        of_publishing = {
            "--allow-live": self.allow_live, "--now": self.present_times, "--to-brokers": self.to_brokers,
            "--drop-header": self.drop_header, "--keep-header": self.keep_header, "--resume": self.resume,
        }  # fmt: skip
        if not (self.publishes or self.to_otlp):
            of_publishing |= {"--yes": self.yes, "--dry-run": self.dry_run}
        if not self.publishes:
            for option in (option for option, value in of_publishing.items() if value):
                yield f"{option} says how to publish; name a topic with --to, or --in-place"
        if self.keep_header and not self.to_brokers:
            yield "--keep-header is for another cluster, to which few headers go; name it with --to-brokers"
        if self.shrink and not self.call:
            yield "--shrink needs a handler that fails; name it with --call"
        if self.into is not None and not self.shrink:
            yield "--into is the folder of --shrink"
        for option, value in (("--speed", self.speed), ("--at-most", self.at_most)):
            if value is not None and (self.to_file or self.to_otlp or self.shrink):
                yield f"{option} paces records that are printed, published or given to a handler"
