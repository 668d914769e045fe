"""The task and step that the present code runs in: known to every publish call inside a `with` block."""

from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from tasker_schemas.headers import TraceHeaders

if TYPE_CHECKING:
    from tasker_producer.tasks.scopes import TaskScope


class Ambient(NamedTuple):
    """The innermost `with` block around the present code."""

    task_id: str
    task_name: str | None
    correlation_id: str | None
    task_trace: TraceHeaders
    scope: "TaskScope"
    step_id: str | None = None
    step_name: str | None = None
    attempt_number: int | None = None


ambient: ContextVar[Ambient | None] = ContextVar("tasker_ambient", default=None)
