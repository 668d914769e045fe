"""Starts a worker of a group from the settings of the environment."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Faust

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasker_consumers.engine.processor import Processor
    from tasker_consumers.engine.settings import EngineSettings
    from tasker_consumers.engine.web.questions import Question
    from tasker_consumers.settings import ConsumerSettings


def start_command() -> "ConsumerSettings":
    """Set up the log and return the settings of the command; raises ConfigurationError when no Kafka is named."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.cli.log_output import configure_logging

    settings = read_settings_with_kafka()
    configure_logging(settings.log_level)
    return settings


def run_processor(
    processor: "Processor[Any, Any]", settings: "ConsumerSettings", questions: "Sequence[Question]" = ()
) -> None:
    """Run a worker until it is stopped, and exit with its code."""
    from tasker_consumers.engine.worker import run_worker

    raise typer.Exit(run_worker(processor, _engine_settings(settings), questions))


def _engine_settings(settings: "ConsumerSettings") -> "EngineSettings":
    from tasker_consumers.engine.settings import EngineSettings

    return EngineSettings(
        kafka=settings.kafka,
        store=settings.state_store,
        state_dir=settings.state_dir,
        web_host=settings.web_host,
        web_port=settings.web_port,
        web_url=settings.web_url,
        commit_interval=settings.commit_interval_s,
        sweep_interval=settings.sweep_interval_s,
        group_instance_id=settings.group_instance_id,
        session_timeout=settings.session_timeout,
        broker_timeout=settings.broker_timeout_s,
        quarantine_limit=settings.quarantine_limit,
        replication_factor=settings.replication_factor,
    )
