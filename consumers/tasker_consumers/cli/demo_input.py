"""The input of `tasker demo`: the example service, or histories in files."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tasker_consumers.cli.imports.arguments import require_files
from tasker_schemas.errors import UsageError

if TYPE_CHECKING:
    from tasker_consumers.demo.run import Publish


def check_files(file_format: str | None, files: Sequence[Path]) -> None:
    """Raise UsageError for files without a format, a format without files, and files that are missing."""
    if bool(files) != (file_format is not None):
        raise UsageError("--format and files belong together: tasker demo --format wfcommons FILE…")
    require_files(files)


def publisher_of(file_format: str | None, files: Sequence[Path]) -> "Publish":
    """Return the function that publishes the example, or the histories of the files if a format is named."""
    from tasker_consumers.demo.workload import run_example

    if file_format is None:
        return run_example

    def publish(environ: Mapping[str, str], tell: Callable[[str], None]) -> list[str]:
        from tasker_consumers.importers import HistoryFormat, import_files
        from tasker_producer import EventPublisher, ProducerSettings

        with EventPublisher(ProducerSettings.from_env(environ), presume=False) as publisher:
            report = import_files(
                HistoryFormat(file_format),
                files,
                publisher,
                lambda imported: tell(f"{imported.file.name}: {imported.events} events"),
            )
        return [str(fault) for fault in report.faults]

    return publish
