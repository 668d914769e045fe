"""How a demo fails."""

from tasker_schemas.errors import TaskerEventsError


class DemoFailed(TaskerEventsError):
    """The demo could not come to its end; the message names the cause and the last state of the tasks."""
