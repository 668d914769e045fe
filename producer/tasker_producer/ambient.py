"""The task and step that the present code runs in: known to every publish call inside a `with` block."""

from contextvars import ContextVar
from typing import NamedTuple

from tasker_schemas.headers import TraceHeaders


class Ambient(NamedTuple):
    """The innermost `with` block around the present code."""

    task_id: str
    task_name: str | None
    correlation_id: str | None
    task_trace: TraceHeaders
    step_id: str | None = None
    step_name: str | None = None
    attempt_number: int | None = None


ambient: ContextVar[Ambient | None] = ContextVar("tasker_ambient", default=None)
