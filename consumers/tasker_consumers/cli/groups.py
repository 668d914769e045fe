"""`tasker groups`: members and lag of the consumer groups."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from typing import Annotated

import typer

from tasker_consumers.cli.output import complain, show_json, show_table

_COLUMNS = ("group", "result", "state", "members", "behind", "topics behind")


def groups(
    behind: Annotated[bool, typer.Option("--behind", help="Only groups that have records to read.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on each line.")] = False,
) -> None:
    """List the consumer groups with their members, and how many records each is behind.

    `stopped` is a group without a member. Exit code 1 if --behind finds none.
    """
    from confluent_kafka import KafkaException

    from tasker_consumers.cli.environment import read_settings_with_kafka
    from tasker_consumers.kafka.group_states import group_states
    from tasker_consumers.kafka.topics import connect

    settings = read_settings_with_kafka()
    admin = connect(settings.kafka)
    try:
        states = group_states(admin, settings.topic_prefix)
    except KafkaException as error:
        raise admin.failure(error) from error
    states = [state for state in states if state.behind or not behind]
    if not states:
        complain("no group has a record to read")
        raise typer.Exit(1)
    if as_json:
        for state in states:
            lags = [lag._asdict() for lag in state.topics]
            show_json({"result": state.verdict, **state._asdict(), "topics": lags})
        return
    rows = []
    for state in states:
        listed = ", ".join(f"{lag.topic} {lag.behind:,}" for lag in state.topics if lag.behind)
        rows.append((state.name, state.verdict, state.state, str(state.members), f"{state.behind:,}", listed))
    show_table(_COLUMNS, rows)
