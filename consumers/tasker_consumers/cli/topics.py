"""`tasker topics`: make the topics, list them, add partitions, have a group build its states again."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import TYPE_CHECKING, Annotated

import typer

from tasker_consumers.cli.output import complain, show_table
from tasker_schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasker_consumers.kafka.topics import TopicState

app = typer.Typer(help="Make the topics of the system, list them, and change what moves data.", no_args_is_help=True)


@app.command()
def create(
    partitions: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Partitions of each topic (default: TASKER_PARTITIONS, else 6)."),
    ] = None,
    replication_factor: Annotated[
        int | None, typer.Option(metavar="N", min=-1, help="Replicas; -1 leaves them to the cluster.")
    ] = None,
) -> None:
    """Make the topics that are missing; those that exist stay as they are."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.kafka.topics import create_topics

    settings = read_settings_with_kafka()
    states = create_topics(
        settings.kafka,
        settings.topic_prefix,
        partitions=partitions,
        default_partitions=settings.partitions,
        replication_factor=settings.replication_factor if replication_factor is None else replication_factor,
    )
    _show(states)
    counts = {state.partitions for state in states}
    if partitions is None and counts != {settings.partitions}:
        complain(f"some topics were here already: all of them have {', '.join(map(str, counts))} partition(s)")


@app.command("list")
def list_() -> None:
    """List the topics of the system, with those that are missing; exit code 1 if any is."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.kafka.topics import list_topics

    settings = read_settings_with_kafka()
    _show(list_topics(settings.kafka, settings.topic_prefix))


@app.command()
def reset(
    group: Annotated[str, typer.Argument(metavar="GROUP", help="`stats`, `telemetry`, or the whole name of a group.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it the command only shows the plan.")] = False,
) -> None:
    """Have a group build its states again from all events that the topics still hold; its workers must be stopped."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.kafka.migration import plan_reset, reset

    settings = read_settings_with_kafka()
    plan = plan_reset(settings.kafka, settings.topic_prefix, group)
    show_table(
        ("topic", "events", "expired"), [(row.topic, str(row.records), str(row.expired)) for row in plan.sources]
    )
    if any(row.expired for row in plan.sources):
        complain("warning: expired events are not read again; what only they told is lost")
    if not yes:
        complain(f"would delete {plan.changelog} and the offsets of {plan.group}; add --yes to do it")
        return
    reset(settings.kafka, plan)
    complain(f"{plan.group} reads all events when its workers start again")


@app.command()
def grow(
    partitions: Annotated[int, typer.Argument(metavar="N", min=1, help="Partitions that each topic has afterwards.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it the command only shows the plan.")] = False,
    split_tasks: Annotated[
        bool,
        typer.Option("--split-tasks", help="Accept that tasks with events here are counted in two parts."),
    ] = False,
) -> None:
    """Give all topics more partitions, and have the groups build their states again; all workers must be stopped."""
    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.kafka.migration import grow, plan_growth

    settings = read_settings_with_kafka()
    plan = plan_growth(settings.kafka, settings.topic_prefix, partitions)
    if not plan.topics and not plan.groups:
        complain(f"all topics have {partitions} partitions already")
        return
    show_table(("topic", "now", "then"), [(name, str(now), str(partitions)) for name, now in plan.topics.items()])
    if plan.occupied and not split_tasks:
        held = ", ".join(f"{row.topic} ({row.records})" for row in plan.occupied)
        raise ConfigurationError(
            f"these topics hold events, whose tasks would lie in two partitions: {held}. Go on under another "
            "TASKER_TOPIC_PREFIX, or wait until they have expired, or accept it with --split-tasks"
        )
    if not yes:
        rebuilt = ", ".join(plan.groups) or "no group"
        complain(f"would add the partitions and reset the states of {rebuilt}; add --yes to do it")
        return
    grow(settings.kafka, plan)
    complain(f"each topic has {partitions} partitions; start the workers again")


def _show(states: "Sequence[TopicState]") -> None:
    from tasker_consumers.kafka.topics import differing

    show_table(("topic", "partitions", "what it holds"), [_row(state) for state in states])
    differing_states = differing(states)
    if differing_states:
        names = ", ".join(f"{state.name} ({state.partitions})" for state in differing_states)
        complain(f"partition counts differ, so task and step streams cannot be joined: {names}")
    if differing_states or any(state.partitions is None for state in states):
        raise typer.Exit(1)


def _row(state: "TopicState") -> tuple[str, str, str]:
    if state.partitions is None:
        return (state.name, "missing", state.description)
    return (state.name, f"{state.partitions}{' (new)' if state.created else ''}", state.description)
