"""`tasker spool`: events that wait on this machine's disk for a Kafka that was away: list, send, drop."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import complain, printable, show_json, show_table
from tasker_schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from tasker_producer.delivery.inventory import SendCounts, SpoolReport
    from tasker_producer.settings import ProducerSettings

app = typer.Typer(
    help="Look at events that wait on this machine's disk, send them, or drop them.", no_args_is_help=True
)

Service = Annotated[
    str | None, typer.Argument(metavar="[SERVICE]", show_default=False, help="Only what this service left.")
]
_COLUMNS = ("service", "state", "events", "bytes", "oldest", "file")


@app.command("list")
def list_files(
    service: Service = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on each line.")] = False,
) -> None:
    """List the files of TASKER_SPOOL_DIR, what waits in each, and whether a process uses it.

    Exit code 1 if nothing waits.
    """
    from tasker_producer.settings import ProducerSettings

    settings = ProducerSettings.from_env()
    reports = _reports(settings, service)
    rows = [_row(report) for report in reports]
    if as_json:
        for row, report in zip(rows, reports, strict=True):
            show_json({**row, "topics": report.topics})
    elif rows:
        show_table(_COLUMNS, [["" if cell is None else printable(str(cell)) for cell in row.values()] for row in rows])
    if not rows:
        complain(f"nothing waits in {settings.spool_root}")
        raise typer.Exit(1)


@app.command()
def send(
    service: Service = None,
    *,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="How long to try.")] = 60.0,
    any_target: Annotated[
        bool,
        typer.Option("--any-target", help="Also what was published for other brokers or another TASKER_TOPIC_PREFIX."),
    ] = False,
) -> None:
    """Send what dead processes left, in its order. An event leaves the disk when Kafka has it.

    Exit code 1 if events still wait, or could not be read.
    """
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_producer.settings import ProducerSettings

    read_settings_with_kafka()
    settings = ProducerSettings.from_env()
    waiting: dict[Path, list[SpoolReport]] = {}
    for report in _waiting(settings, service):
        waiting.setdefault(report.path.parent, []).append(report)
    others = {} if any_target else {path for path in waiting if not path.name.endswith(f"-{settings.spool_digest}")}
    if others:
        complain(f"left for other brokers or another TASKER_TOPIC_PREFIX: {', '.join(map(str, sorted(others)))}")
    failed = bool(others)
    for directory, reports in waiting.items():
        if directory not in others:
            counts = _send(settings, directory, reports, timeout)
            complain(f"{directory}: {counts.sent} events sent, {counts.waiting} wait, {counts.dropped} dropped")
            failed = failed or bool(counts.waiting or counts.dropped)
    if not waiting:
        complain(f"nothing waits in {settings.spool_root}")
    if failed:
        raise typer.Exit(1)


@app.command()
def drop(
    service: Service = None,
    *,
    put_aside: Annotated[
        bool, typer.Option("--put-aside", help="Instead: rows and files that could not be read.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Really delete; without it events are only counted.")] = False,
) -> None:
    """Delete events that no process will send any more; a file that a process uses stays. Exit code 1 if none fits."""
    from tasker_producer.delivery.inventory import FileState, delete_file
    from tasker_producer.settings import ProducerSettings

    settings = ProducerSettings.from_env()
    states = {FileState.PUT_ASIDE} if put_aside else {FileState.WAITING, FileState.DAMAGED}
    reports = [report for report in _reports(settings, service) if report.state in states]
    if not reports:
        complain(f"nothing waits in {settings.spool_root}")
        raise typer.Exit(1)
    if yes:
        reports = [report for report in reports if delete_file(report)]
    events = sum(report.events or 0 for report in reports)
    files = ", ".join(str(report.path) for report in reports)
    words = "dropped" if yes else "dry run: add --yes to drop"
    complain(f"{words} {events} events in {len(reports)} files: {files}")


def _send(settings: "ProducerSettings", directory: Path, reports: "list[SpoolReport]", timeout: float) -> "SendCounts":
    from tasker_producer.delivery.host.drops import DropLog
    from tasker_producer.delivery.inventory import send_files
    from tasker_producer.delivery.spool.settings import SpoolSettings
    from tasker_schemas.topics import event_topics, is_event_topic

    topics = frozenset(topic for report in reports for topic in report.topics or () if is_event_topic(topic))
    topics |= set(event_topics(settings.topic_prefix))
    spool = SpoolSettings(directory, settings.spool_max_bytes, settings.spool_full, settings.spool_block_s, topics)
    return send_files(settings.kafka, spool, [report.path for report in reports], timeout, DropLog())


def _waiting(settings: "ProducerSettings", service: str | None) -> "list[SpoolReport]":
    from tasker_producer.delivery.inventory import FileState

    states = {FileState.WAITING, FileState.DAMAGED}
    return [report for report in _reports(settings, service) if report.state in states]


def _reports(settings: "ProducerSettings", service: str | None) -> "list[SpoolReport]":
    from tasker_producer.delivery.inventory import list_spools

    try:
        reports = list_spools(settings.spool_root)
    except OSError as error:
        raise ConfigurationError(f"TASKER_SPOOL_DIR: {settings.spool_root} cannot be read: {error.strerror}") from None
    return [report for report in reports if service is None or report.service == service]


def _row(report: "SpoolReport") -> dict[str, object]:
    cells = (report.service, str(report.state), report.events, report.size, report.oldest, str(report.path))
    return dict(zip(_COLUMNS, cells, strict=True))
