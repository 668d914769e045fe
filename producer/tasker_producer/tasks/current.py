"""The task and step around the present code, for a service that asks."""

from tasker_producer.tasks.step_scope import StepScope
from tasker_producer.tasks.task_scope import TaskScope
from tasker_producer.trace.current import current_activation


def current_task() -> TaskScope | None:
    """Return the task whose block is around the present code; None outside of all blocks."""
    activation = current_activation()
    scope = None if activation is None else activation.scope
    if isinstance(scope, StepScope):
        scope = scope.task
    return scope if isinstance(scope, TaskScope) else None


def current_step() -> StepScope | None:
    """Return the attempt of a step whose block is around the present code; None outside of all steps."""
    activation = current_activation()
    scope = None if activation is None else activation.scope
    return scope if isinstance(scope, StepScope) else None
