"""A task's context on its way to another process: plain text headers.

They fit a job's arguments, Celery's and HTTP's headers as they are (values are percent-encoded ASCII), and, by
`carrier_to_environ`, the environment of a child process.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import quote, unquote

from tasker_schemas.errors import UsageError
from tasker_schemas.headers import (
    BAGGAGE,
    PARENT,
    TRACEPARENT,
    TRACESTATE,
    TraceHeaders,
    read_trace_headers,
    trace_headers,
)

TASK_ID = "tasker-task-id"
TASK_NAME = "tasker-task-name"
CORRELATION_ID = "tasker-correlation-id"
STARTED_AT = "tasker-started-at"
TOTAL_STEPS = "tasker-total-steps"

_TRACE = (TRACEPARENT, PARENT, TRACESTATE, BAGGAGE)
_OURS = (TASK_ID, TASK_NAME, CORRELATION_ID, STARTED_AT, TOTAL_STEPS)
_READABLE = " !#$&'()*+,/:;=?@[]|~"  # printable ASCII but the percent sign; headers carry nothing else

Carrier = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskContext:
    """The facts that another process needs to go on with a task; times in microseconds since the epoch, UTC."""

    task_id: str
    task_name: str | None
    trace: TraceHeaders
    correlation_id: str | None = None
    started_at: int | None = None
    total_steps: int | None = None

    def with_trace(self, trace: TraceHeaders) -> Self:
        """Return the same task at another place in a trace."""
        return replace(self, trace=trace)

    def started(self, moment: int) -> Self:
        """Return the same task, begun at this moment."""
        return replace(self, started_at=moment)


def write_carrier(context: TaskContext) -> Carrier:
    """Return a task's context as headers: W3C names for the trace, `tasker-` names for the rest."""
    texts = {
        TASK_ID: context.task_id,
        TASK_NAME: context.task_name,
        CORRELATION_ID: context.correlation_id,
        STARTED_AT: context.started_at,
        TOTAL_STEPS: context.total_steps,
    }
    trace = {name: value.decode() for name, value in trace_headers(context.trace)}
    return {name: quote(str(value), safe=_READABLE) for name, value in texts.items() if value is not None} | trace


def read_carrier(carrier: Mapping[str, str]) -> TaskContext:
    """Read a task's context from headers; names in any case. A malformed trace counts as none.

    Raises UsageError if the carrier names no task.
    """
    texts = {str(name).lower(): str(value) for name, value in carrier.items()}
    texts |= {name: unquote(texts[name]) for name in _OURS if name in texts}
    if not texts.get(TASK_ID):
        raise UsageError(f"the carrier has no {TASK_ID}: pass on what task.carrier() returned")
    trace = [(name, texts[name].encode("utf-8", "replace")) for name in _TRACE if name in texts]
    return TaskContext(
        task_id=texts[TASK_ID],
        task_name=texts.get(TASK_NAME),
        trace=read_trace_headers(trace),
        correlation_id=texts.get(CORRELATION_ID),
        started_at=_decimal(texts.get(STARTED_AT)),
        total_steps=_decimal(texts.get(TOTAL_STEPS)),
    )


def carrier_to_environ(carrier: Mapping[str, str]) -> dict[str, str]:
    """Return a carrier as environment variables, for `subprocess.run(..., env={**os.environ, **these})`.

    >>> carrier_to_environ({"traceparent": "00-…", "tasker-task-id": "42"})
    {'TRACEPARENT': '00-…', 'TASKER_TASK_ID': '42'}
    """
    return {name.upper().replace("-", "_"): value for name, value in carrier.items()}


def carrier_from_environ(environ: Mapping[str, str] = os.environ) -> Carrier:
    """Return the carrier that a parent process has left in the environment; empty if there is none.

    >>> carrier_from_environ({"TRACEPARENT": "00-…", "TASKER_TASK_ID": "42", "PATH": "/bin"})
    {'traceparent': '00-…', 'tasker-task-id': '42'}
    """
    names = {name.upper().replace("-", "_"): name for name in (*_TRACE, *_OURS)}
    return {name: environ[variable] for variable, name in names.items() if variable in environ}


def _decimal(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None
