"""A task as the telemetry group goes through it, with the exports that follow from what it hears."""

from tasker_consumers.telemetry.core.event import read_event
from tasker_consumers.telemetry.core.fold import fold
from tasker_consumers.telemetry.core.state import Overdue, TaskState
from tasker_consumers.telemetry.lifetime import Lifetime, settle
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import ready_spans
from tasker_consumers.telemetry.spans.span import Span
from tasker_schemas.headers import SAMPLED
from tests.support.telemetry.histories import SECOND, TASK, Told


class Task:
    """A task's state that is written down and read again between any two calls, as in the engine."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.table: dict[bytes, bytes] = {}

    def hear(self, records: list[Told], at: float = 0.0) -> list[Span]:
        """Fold a run of records, `at` seconds by the wall clock, and return what is exported."""
        state = TaskState.load(TASK.encode(), self.table.get)
        for record in records:
            state = fold(state, read_event(record))
        assert state is not None
        state.head.seen_at = now = round(at * SECOND)
        return self._written(state, _kept(ready_spans(state, self.policy, now)))

    def wait(self, until: float) -> list[Span]:
        """Let the sweep look at the task at that time, and return what is exported."""
        state = TaskState.load(TASK.encode(), self.table.get)
        assert state is not None
        now = round(until * SECOND)
        state.overdue = Lifetime(abandoned_after_s=1000).overdue(state, self.policy, now)
        return self._written(state, _kept(settle(state, self.policy, now))) if state.overdue else []

    def _written(self, state: TaskState, spans: list[Span]) -> list[Span]:
        forget = state.overdue is Overdue.FORGET
        self.table = {} if forget else {**self.table, **{k: v for k, v in state.dump().items() if v is not None}}
        return spans


def _kept(spans: list[Span]) -> list[Span]:
    return [span for span in spans if span.flags & SAMPLED]
