"""Values of events as values of columns: text that a database takes, JSON, the place in a trace."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tasker_schemas.headers import TRACEPARENT, SpanRef, read_traceparent
from tasker_schemas.identity import step_span_id, task_span_id, trace_id_of

Headers = Sequence[tuple[str, bytes | None]]

_NUL_SIGN = "\N{SYMBOL FOR NULL}"


def text(value: str | None) -> str | None:
    r"""Return a text with a sign in the place of each NUL, which PostgreSQL refuses; None for an empty text.

    >>> text("a\0b"), text("")
    ('a␀b', None)
    """
    if not value:
        return None
    return value.replace("\0", _NUL_SIGN) if "\0" in value else value


def json_text(value: Any) -> str | None:
    """Return a list or a mapping as JSON without NUL characters; None for an empty value.

    >>> json_text(["a"]), json_text([])
    ('["a"]', None)
    """
    if not value:
        return None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("\\u0000", _NUL_SIGN)


def span_of(headers: Headers, event: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the ids of the trace and of the span that an event belongs to: from its headers, else derived.

    An event outside of any task, without headers, has none.
    """
    for name, value in headers:
        if name == TRACEPARENT and value is not None:
            span = _read(value)
            if span is not None:
                return span.trace_id, span.span_id
    task_id = event.get("task_id")
    if not task_id:
        return None, None
    step_id = event.get("step_id")
    span_id = step_span_id(task_id, step_id, event["attempt_number"]) if step_id else task_span_id(task_id)
    return trace_id_of(task_id), span_id


@lru_cache(maxsize=4096)
def _read(value: bytes) -> SpanRef | None:
    return read_traceparent(value)
