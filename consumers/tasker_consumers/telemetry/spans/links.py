"""Links of an attempt: to the attempt before, to the steps that had to end before, to a context of another trace."""

from typing import Any

from tasker_consumers.telemetry.core.context import SpanContext, attempt_span_id
from tasker_consumers.telemetry.core.event import BEGUN
from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.spans.span import Link

MAX_LINKS = 128


def attempt_links(
    state: TaskState, key: AttemptKey, fields: dict[str, Any], task: SpanContext
) -> tuple[list[Link], int]:
    """Return the links of an attempt as far as their spans are known, and how many were too many."""
    links: list[Link] = []
    attempts = state.bucket(key.step_id).steps[key.step_id]
    if len(attempts) > 1:
        # Of an attempt that was only asked for, as all but the last are in some histories, there is no span.
        earlier = [number for number, attempt in attempts.items() if number < key.number and attempt.rank >= BEGUN]
        if earlier:
            span_id = attempt_span_id(state, task, AttemptKey(key.step_id, max(earlier)))
            links.append(Link(task.trace_id, span_id, {"tasker.link": "previous_attempt"}))
    depends_on: list[str] = fields.get("depends_on", [])
    room = MAX_LINKS - len(links)
    for parent in depends_on[:room]:
        if attempts := state.bucket(parent).steps.get(parent, {}):
            span_id = attempt_span_id(state, task, AttemptKey(parent, max(attempts)))
            links.append(Link(task.trace_id, span_id, {"tasker.link": "depends_on", "step_id": parent}))
    return links, max(0, len(depends_on) - room)


def foreign_links(context: SpanContext) -> list[Link]:
    """Return the link to a carried context that is of another trace than the task's, if there is any."""
    return [] if context.foreign is None else [Link(*context.foreign, {"tasker.link": "carried_context"})]
