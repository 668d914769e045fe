"""How a demo fails."""

from tasker_schemas.errors import TaskerEventsError


class DemoFailed(TaskerEventsError):
    """The demo could not come to its end; the message says what went wrong and what was seen last."""
