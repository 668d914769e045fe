"""The sampling of whole tasks: the decision at a task's end, and its marks on the exported spans."""

from dataclasses import replace

from tasker_consumers.telemetry.core.context import freeze
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.spans.span import Span
from tasker_consumers.telemetry.spans.views.task_view import TaskView


def decide(view: TaskView, root: Span, policy: Policy) -> None:
    """Note in the state whether an ended task is kept; `root` is its span. A task that is kept stays so."""
    head = view.state.head
    if policy.samples and not head.sampled:
        head.sampled = policy.keeps(root)
        head.sampled_by_ratio = head.sampled and not policy.keeps_always(root)


def as_exported(view: TaskView, spans: list[Span], policy: Policy) -> list[Span]:
    """Return spans as they are exported: flagged as not sampled when the task is not kept, else with their rate."""
    head = view.state.head
    if spans:
        freeze(head, view.context)
    if head.sampled is False:
        return [replace(span, flags=policy.unsampled(span.flags)) for span in spans]
    return policy.with_threshold(spans) if head.sampled_by_ratio else spans
