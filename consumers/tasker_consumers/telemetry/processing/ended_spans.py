"""The spans that a batch of touched tasks lets go, and the times at which those that wait are due."""

import asyncio
from collections.abc import Callable, Mapping

from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.lifetime import settle
from tasker_consumers.telemetry.pending import wake_at
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.spans.span import Span

# Tasks between which other coroutines, heartbeats above all, get their turn.
_TURN = 100


async def ended_spans(
    tasks: Mapping[bytes, TaskState], policy: Policy, now_us: int, count_late: Callable[[int], None]
) -> list[Span]:
    """Return the spans of the tasks that are to be exported now, and note that in the states.

    `count_late` is given the number of events that came after the export of their span.
    """
    spans: list[Span] = []
    for count, state in enumerate(tasks.values(), 1):
        if state.overdue is not None:
            spans += settle(state, policy, now_us)
        else:
            state.head.seen_at = now_us
            if late := state.late_now:
                count_late(late)
            spans += ready_spans(state, policy, now_us)
        if not count % _TURN:
            await asyncio.sleep(0)
    return spans


def wake_times(tasks: Mapping[bytes, TaskState], policy: Policy) -> dict[bytes, int]:
    """Return when spans that wait are to be exported, in microseconds, by their task's key."""
    times = {key: wake_at(state.head, policy) for key, state in tasks.items()}
    return {key: wake_us for key, wake_us in times.items() if wake_us is not None}
