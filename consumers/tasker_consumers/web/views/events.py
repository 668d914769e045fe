"""The events of a run, each with its payload, its headers and its position in Kafka."""

from typing import Any, NamedTuple

from tasker_consumers.strict_json import strict_json
from tasker_consumers.times import time_text
from tasker_consumers.trace_view.rebuild import Headers, Run
from tasker_consumers.web.views.masking import shown_fields, shown_header, shown_text
from tasker_producer.masking.masker import Masker

_LEFT_OUT: tuple[Any, ...] = (None, "", [], {})


class EventRow(NamedTuple):
    """An event for people; texts are masked, not escaped."""

    time: str
    name: str
    task: str
    step: str
    position: str
    error: str
    payload: str
    headers: list[tuple[str, str]]


def event_rows(run: Run, masker: Masker, first: int = 0, count: int = 100) -> list[EventRow]:
    """Return `count` events of a run, from the event `first` on, in the order of their own times."""
    page = slice(first, first + count)
    events = zip(run.payloads[page], run.headers[page], run.origins[page], strict=True)
    return [_row(payload, headers, origin, masker) for payload, headers, origin in events]


def _row(payload: dict[str, Any], headers: Headers, origin: str, masker: Masker) -> EventRow:
    step = str(payload.get("step_name") or payload.get("step_id") or "")
    attempt = payload.get("attempt_number") or 1
    reasons = (payload.get("error_class"), payload.get("error_message"))
    fields = {name: value for name, value in payload.items() if value not in _LEFT_OUT}
    return EventRow(
        time=time_text(payload["timestamp"]),
        name=payload["event_name"],
        task=payload["task_id"] or "",
        step=f"{step} attempt {attempt}" if step and attempt > 1 else step,
        position=origin,
        error=shown_text(": ".join(str(reason) for reason in reasons if reason).partition("\n")[0], masker),
        payload=strict_json(shown_fields(fields, masker), indent=2),
        headers=[(name, shown_header(name, value, masker)) for name, value in headers],
    )
