"""The span of a task that is shown while the task runs."""

from dataclasses import replace

from tasker_consumers.telemetry.core.event import BEGUN
from tasker_consumers.telemetry.core.head import Head
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.spans.attributes import PROVISIONAL
from tasker_consumers.telemetry.spans.span import UNSET, Span, marked
from tasker_consumers.telemetry.spans.task_span import task_span
from tasker_consumers.telemetry.spans.views.task_view import TaskView


def may_be_seen_early(head: Head) -> bool:
    """Return whether a task has begun, and its span was not exported yet."""
    begun = head.status is not None and head.status.rank == BEGUN
    return begun and not head.provisional and head.exported_end is None and head.closed is None


def provisional_span(view: TaskView, policy: Policy) -> Span:
    """Return the marked span of a task that runs, and note that it is exported."""
    view.state.head.provisional = True
    return replace(marked(task_span(view, policy.names), PROVISIONAL), status=UNSET)
