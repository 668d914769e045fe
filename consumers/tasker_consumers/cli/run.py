"""`tasker run`: one worker of a consumer group."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Faust

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from tasker_consumers.engine import EngineSettings
    from tasker_consumers.settings import ConsumerSettings

app = typer.Typer(
    help="Run one worker of a consumer group; start more of them to share the work.", no_args_is_help=True
)


@app.command()
def stats() -> None:
    """Fold task and step events into the statistics of each task."""


@app.command()
def telemetry() -> None:
    """Fold all events into spans, and export them when they end."""


def _engine_settings(settings: "ConsumerSettings") -> "EngineSettings":
    from tasker_consumers.engine import EngineSettings

    return EngineSettings(
        kafka=settings.kafka,
        store=settings.state_store,
        state_dir=settings.state_dir,
        web_host=settings.web_host,
        web_port=settings.web_port,
        commit_interval=settings.commit_interval_s,
        sweep_interval=settings.sweep_interval_s,
        session_timeout=settings.session_timeout_s,
        broker_timeout=settings.broker_timeout_s,
        replication_factor=settings.replication_factor,
    )
