"""The catalogue: questions to the table of events, answered once.

The producer checks payloads against it, the folds ask it about states, and the documentation is written from it.
"""

from collections.abc import Iterator, Mapping
from functools import cache

from tasker_schemas.avro.versions import RECORD_OF_FAMILY, latest
from tasker_schemas.event_table import CUSTOM_ORDER, EVENTS, EventSpec
from tasker_schemas.names import Family, State

CATALOGUE: Mapping[str, EventSpec] = {spec.name: spec for spec in sorted(EVENTS, key=lambda spec: spec.name)}

STATE_AFTER: Mapping[str, State] = {spec.name: spec.state for spec in EVENTS if spec.state is not None}

#: The order of the states of a step or task: of two that are known, the higher holds.
RANK: Mapping[State, int] = {
    State.PENDING: 0,
    State.IN_PROGRESS: 1,
    State.ERROR: 2,
    State.CANCELLED: 3,
    State.COMPLETE: 4,
    State.RESOLVED_MANUALLY: 5,
}
#: How far an event takes its task or attempt.
RANK_AFTER: Mapping[str, int] = {name: RANK[state] for name, state in STATE_AFTER.items()}


def events_with(family: Family, *, state: State | None = None, outcome: bool | None = None) -> frozenset[str]:
    """Return the names of a family's events that lead to a state, or that do or do not end a task or an attempt.

    >>> sorted(events_with(Family.STEP, state=State.IN_PROGRESS))
    ['step.before_handle', 'step.handle']
    """
    return frozenset(
        spec.name
        for spec in EVENTS
        if spec.family is family
        and (state is None or spec.state is state)
        and (outcome is None or spec.outcome is outcome)
    )


def order_of(event_name: str) -> int:
    """Return a number that is smaller the earlier an event comes among those of the same time.

    >>> order_of("step.handle") < order_of("shop.payment_taken") < order_of("step.completed")
    True
    """
    return _PLACES.get(event_name, _CUSTOM_PLACE)


# Rows with the same order keep that of the table, so that any two events of the same moment have an order.
_BEFORE_CUSTOM = [spec.name for spec in sorted(EVENTS, key=lambda spec: spec.order) if spec.order < CUSTOM_ORDER]
_AFTER_CUSTOM = [spec.name for spec in sorted(EVENTS, key=lambda spec: spec.order) if spec.order >= CUSTOM_ORDER]
_CUSTOM_PLACE = len(_BEFORE_CUSTOM)
_PLACES: Mapping[str, int] = {
    **{name: index for index, name in enumerate(_BEFORE_CUSTOM)},
    **{name: index for index, name in enumerate(_AFTER_CUSTOM, _CUSTOM_PLACE + 1)},
}


@cache
def fields_of(family: Family) -> frozenset[str]:
    """Return the names of all fields that an event of this family can carry.

    >>> "step_id" in fields_of(Family.STEP), "step_id" in fields_of(Family.TASK)
    (True, False)
    """
    return frozenset(field["name"] for field in latest(RECORD_OF_FAMILY[family]).declared["fields"])


def markdown_rows(family: Family) -> Iterator[str]:
    """Yield a family's events as rows of a Markdown table: name, state, fields and description."""
    yield "| event | state | carries | |"
    yield "|---|---|---|---|"
    for spec in EVENTS:
        if spec.family is family:
            fields = [f"`{name}`" for name in spec.carries]
            attributes = [f"attribute `{name}`" for name in spec.free_attributes]
            state = f"`{spec.state}`" if spec.state else ""
            yield f"| `{spec.name}` | {state} | {', '.join(fields + attributes)} | {spec.description} |"
