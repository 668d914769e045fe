"""`tasker demo`: the whole way, once, on this machine."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tasker_consumers.cli.output import complain, open_console, show_json
from tasker_consumers.stop_signals import held_back, interruptible, pause, stop_on_sigterm

if TYPE_CHECKING:
    from rich.console import Console

    from tasker_consumers.demo.result import DemoResult
    from tasker_consumers.demo.run import Publish
    from tasker_consumers.demo.stage import Stage


def demo(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", show_default=False, help="Histories to import; needs --format."),
    ] = None,
    file_format: Annotated[
        Literal[
            "wfcommons",
            "temporal",
            "github-actions",
            "openlineage",
            "airflow",
            "otlp",
            "jaeger",
            "xes",
            "nextflow",
            "csv",
        ]
        | None,
        typer.Option("--format", metavar="FORMAT", help="Import these files instead, in a format of `tasker import`."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")] = False,
) -> None:
    """Start a Kafka and both consumer groups, run an example service, show its spans and statistics."""
    stop_on_sigterm()
    with held_back():
        faults = _run(file_format, files or [], as_json=as_json, keep=keep)
    for fault in faults:
        complain(fault)
    if faults:
        raise typer.Exit(1)


def _run(file_format: str | None, files: Sequence[Path], *, as_json: bool, keep: bool) -> Sequence[str]:
    from tasker_consumers.cli.demo_input import check_files, publisher_of
    from tasker_consumers.demo.failure import DemoFailed

    check_files(file_format, files)
    publish = publisher_of(file_format, files)
    try:
        return _perform(open_console(stderr=as_json), publish, as_json=as_json, keep=keep)
    except DemoFailed as error:
        typer.echo(f"tasker: {error}", err=True)
        raise typer.Exit(1) from None


def _perform(console: "Console", publish: "Publish", *, as_json: bool, keep: bool) -> Sequence[str]:
    from tasker_consumers.cli.environment import read_settings
    from tasker_consumers.demo.progress import show_progress
    from tasker_consumers.demo.run import perform
    from tasker_consumers.demo.stage import set_stage

    settings = read_settings()
    pause()  # before anything starts
    with ExitStack() as stack:
        with show_progress(console) as progress:
            stage = stack.enter_context(set_stage(settings, progress))
            result = perform(stage, publish, progress)
        _show(console, result, stage, as_json=as_json, keep=keep)
    return result.faults


def _show(console: "Console", result: "DemoResult", stage: "Stage", *, as_json: bool, keep: bool) -> None:
    from tasker_consumers.demo.run import hold, web_of
    from tasker_consumers.demo.show import addresses, show_result, what_next

    with interruptible():  # perhaps nobody reads
        if as_json:
            show_json(result.document())
        else:
            show_result(console, result)
    if keep:
        task_id = result.tasks[0]["task_id"] if result.tasks else None
        with suppress(KeyboardInterrupt), web_of(stage) as web:
            with interruptible():
                _print_lines(console, addresses(stage, task_id, web))
            hold(stage)
    elif not as_json:
        _print_lines(console, what_next())


def _print_lines(console: "Console", lines: Sequence[str]) -> None:
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
