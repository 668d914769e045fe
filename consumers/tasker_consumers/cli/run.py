"""`tasker run`: a worker of a consumer group."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Faust

from typing import Annotated, Literal

import typer

from tasker_consumers.cli.worker_start import run_processor, start_command

app = typer.Typer(
    help="Run one worker of a consumer group; start more of them to share the work.", no_args_is_help=True
)


@app.command()
def stats() -> None:
    """Fold task and step events into the statistics of each task."""
    from tasker_consumers.stats.lifetime import Lifetime
    from tasker_consumers.stats.processor import build_stats_processor
    from tasker_consumers.stats.questions.all_questions import questions_of
    from tasker_schemas.registry.lookup import open_lookup

    settings = start_command()
    lifetime = Lifetime(
        abandoned_after_s=settings.abandoned_after_s,
        retention_s=settings.stats_retention_s,
        results_s=settings.stats_results_s,
        unfinished_s=settings.stats_unfinished_s,
    )
    processor = build_stats_processor(
        settings.topic_prefix,
        lookup=open_lookup(settings.registry),
        lifetime=lifetime,
        metric_names=settings.stats_metric_names,
        window_names=settings.stats_window_names,
    )
    run_processor(processor, settings, questions_of(processor))


@app.command()
def telemetry(
    exporter: Annotated[
        Literal["otlp", "zipkin", "console", "file"] | None,
        typer.Option(
            metavar="EXPORTER",
            help="otlp, zipkin, console or file; by default the file of TASKER_TELEMETRY_FILE, else otlp.",
        ),
    ] = None,
    span_names: Annotated[
        Literal["tasker", "readable"] | None,
        typer.Option(
            metavar="NAMES",
            help="tasker or readable: names of spans; by default TASKER_SPAN_NAMES.",
        ),
    ] = None,
) -> None:
    """Fold all events into spans, and export them when they end."""
    import os

    from tasker_consumers.telemetry.app import Backend, build_exporter, build_telemetry_processor
    from tasker_consumers.telemetry.export.log_backends import with_logs_beside
    from tasker_consumers.telemetry.lifetime import Lifetime
    from tasker_consumers.telemetry.spans.names import SpanNames
    from tasker_schemas.registry.lookup import open_lookup

    settings = start_command()
    backend = Backend(exporter) if exporter else None
    processor = build_telemetry_processor(
        build_exporter(os.environ, backend),
        settings.topic_prefix,
        lookup=open_lookup(settings.registry),
        names=SpanNames(span_names or settings.span_names),
        lifetime=Lifetime(abandoned_after_s=settings.abandoned_after_s),
        environ=os.environ if backend is None else with_logs_beside(os.environ, backend),
    )
    run_processor(processor, settings)


@app.command()
def store() -> None:
    """Keep errors, attempts, statistics and custom events in PostgreSQL or SQLite, each row exactly once."""
    from tasker_consumers.cli.stored.opening import run_worker_of_store

    raise typer.Exit(run_worker_of_store(start_command()))
