"""Numbers for a step that a table or a log lists several times."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tasker_consumers.importers.executions import Execution
from tasker_schemas.names import State


def numbered(executions: Iterable[Execution]) -> Iterator[Execution]:
    """Yield executions, in the order in which they ran, as attempts and repetitions of their steps.

    A step that is listed again after it failed is its next attempt; listed again after any other end, or while it
    still runs, it is a step of its own: `pay`, then `pay#2`.
    """
    latest: dict[str, Execution] = {}
    repetitions: dict[str, int] = {}
    step_ids: set[str] = set()
    for listed in executions:
        name, execution = listed.step_id, listed
        previous = latest.get(name)
        if previous is not None and previous.timing.outcome is State.ERROR:
            execution = replace(execution, step_id=previous.step_id, attempt=previous.attempt + 1)
        elif name in step_ids:
            number = repetitions.get(name, 2)
            while f"{name}#{number}" in step_ids:
                number += 1
            repetitions[name] = number + 1
            execution = replace(execution, step_id=f"{name}#{number}")
        step_ids.add(execution.step_id)
        latest[name] = execution
        yield execution
