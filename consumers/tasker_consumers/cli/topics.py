"""`tasker topics`: make the topics, list them."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import complain, show_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasker_consumers.kafka.topics import TopicState

app = typer.Typer(help="Make the topics of the system, list them.", no_args_is_help=True)


@app.command()
def create(
    partitions: Annotated[
        int | None, typer.Option(min=1, help="Partitions of each topic (default: TASKER_PARTITIONS, else 6).")
    ] = None,
    replication_factor: Annotated[
        int | None, typer.Option(min=-1, help="Replicas; -1 leaves them to the cluster.")
    ] = None,
) -> None:
    """Make the topics that are missing; those that exist stay as they are."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.kafka.topics import create_topics

    settings = read_settings_with_kafka()
    _show(
        create_topics(
            settings.kafka,
            settings.topic_prefix,
            partitions=partitions or settings.partitions,
            replication_factor=settings.replication_factor if replication_factor is None else replication_factor,
        )
    )


@app.command("list")
def list_() -> None:
    """List the topics of the system, with those that are missing; exit code 1 if any is."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.kafka.topics import list_topics

    settings = read_settings_with_kafka()
    _show(list_topics(settings.kafka, settings.topic_prefix))


def _show(states: "Sequence[TopicState]") -> None:
    from tasker_consumers.kafka.topics import differing

    show_table(("topic", "partitions", "what it holds"), [_row(state) for state in states])
    odd = differing(states)
    if odd:
        names = ", ".join(f"{state.name} ({state.partitions})" for state in odd)
        complain(f"partition counts differ, so task and step streams cannot be joined: {names}")
    if odd or any(state.partitions is None for state in states):
        raise typer.Exit(1)


def _row(state: "TopicState") -> tuple[str, str, str]:
    if state.partitions is None:
        return (state.name, "missing", state.description)
    return (state.name, f"{state.partitions}{' (new)' if state.created else ''}", state.description)
