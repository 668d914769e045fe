"""Which spans of a task can be exported now."""

from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.pending import update_ready
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.provisional import may_be_seen_early, provisional_span
from tasker_consumers.telemetry.sampling import as_exported
from tasker_consumers.telemetry.spans.late_error import late_error_span
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.spans.views.task_view import view_of
from tasker_consumers.telemetry.state_spans import end_attempt, end_task

AT_ONCE = Policy()


def ready_spans(state: TaskState, policy: Policy = AT_ONCE, now_us: int = 0) -> list[Span]:
    """Return the spans that the policy lets go now, and note in the state that they are exported.

    Those of a task that is not kept are not flagged as sampled: whoever exports leaves them out.

    `now_us` is in microseconds since the epoch. A span that ends again, like that of a failed task that was retried, is
    returned again under the same id.
    """
    head = state.head
    ready = update_ready(state, policy, now_us)
    early = policy.provisional and not ready and may_be_seen_early(head)
    if not ready and not state.late_errors and not early:
        return []
    view = view_of(state)
    spans = []
    if early:
        spans.append(provisional_span(view, policy))
    if None in ready:
        spans += end_task(view, policy)
    for key in ready:
        if key is not None:
            spans += end_attempt(view, key, policy)
    spans += [late_error_span(view, late) for late in state.late_errors]
    state.late_errors.clear()
    return as_exported(view, spans, policy)
