"""The places of tasks that this process has created event by event, outside of `with` blocks.

The event that creates a task joins the trace that is active then; the later events of the task follow from here.
"""

from collections import OrderedDict

from tasker_producer.trace.context import new_task_trace
from tasker_schemas.headers import TraceHeaders

_MAX_TASKS = 4096

_traces: OrderedDict[str, TraceHeaders] = OrderedDict()


def created_trace(task_id: str, *, anew: bool) -> TraceHeaders:
    """Return the place of a task that an event creates here: below the active span, if any.

    Without `anew` a task that this process knows keeps its place: it was created before and starts now.
    """
    trace = None if anew else _traces.get(task_id)
    if trace is not None:
        return trace
    trace = new_task_trace(task_id)
    _traces[task_id] = trace
    if len(_traces) > _MAX_TASKS:
        _forget_oldest()
    return trace


def known_trace(task_id: str) -> TraceHeaders | None:
    """Return the place of a task that was created in this process; None for any other."""
    return _traces.get(task_id)


def forget_traces() -> None:
    """Forget the places of all tasks: another test begins, whose tasks may have the same ids."""
    _traces.clear()


def _forget_oldest() -> None:
    try:
        _traces.popitem(last=False)
    except KeyError:  # another thread was faster
        return
