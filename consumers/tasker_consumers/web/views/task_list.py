"""The list of tasks: which ones a person asked for, and the row of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tasker_consumers.times import time_text
from tasker_consumers.trace_view.durations import duration_text
from tasker_consumers.waits import STATUSES, has_status, shown_status
from tasker_consumers.web.views.masking import shown_text
from tasker_producer.masking.masker import Masker
from tasker_schemas.errors import UsageError
from tasker_schemas.waiting import WAITING

PAGE = 50
_SECOND = 1_000_000_000
_MAX_TEXT, _MAX_REASON = 300, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """Which tasks are listed; `before` is the last task of the page above, by latest event (microseconds) and id."""

    statuses: tuple[str, ...] = ()
    name: str = ""
    before: tuple[int, str] | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, str], statuses: Iterable[str]) -> "ListQuery":
        """Return the query of an address; raises UsageError for a status or a place that there is not."""
        chosen = tuple(dict.fromkeys(status for status in statuses if status))
        for status in chosen:
            if status not in STATUSES:
                raise UsageError(f"status is {status!r}; expected one of {', '.join(STATUSES)}")
        return cls(
            statuses=chosen, name=parameters.get("name", "").strip(), before=_place(parameters.get("before", ""))
        )

    def accepts(self, task: Mapping[str, Any]) -> bool:
        """Return whether a task is listed, leaving out the place of the page."""
        return (not self.statuses or has_status(task, self.statuses)) and self.name in ("", task["task_name"])

    def address(self, **changes: Any) -> str:
        """Return the parameters of the same list with changes, as they stand behind a question mark."""
        values = {"status": list(self.statuses), "name": self.name, **changes}
        return urlencode([(name, item) for name, value in values.items() for item in _items(value)])


def _items(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, list | tuple) else [value]) if item not in ("", None)]


def _place(text: str) -> tuple[int, str] | None:
    """Return the place that `place_text` wrote; raises UsageError for anything else."""
    if not text:
        return None
    moment, dot, task_id = text.partition(".")
    if not dot or not moment.isdecimal() or len(moment) > 18:  # noqa: PLR2004  beyond it no store has a number
        raise UsageError(f"before is {text[:40]!r}; follow the link to the next page")
    return int(moment), task_id


def place_text(task: Mapping[str, Any]) -> str:
    """Return the place of a task in the list, for the address of the next page.

    >>> place_text({"last_event_at": 5, "task_id": "a.b"})
    '5.a.b'
    """
    return f"{task['last_event_at'] or 0}.{task['task_id']}"


class TaskFacts(NamedTuple):
    """Facts about a task that its statistics do not have."""

    service: str | None = None
    version: str | None = None
    correlation_id: str | None = None


NO_FACTS = TaskFacts()


class TaskRow(NamedTuple):
    """The cells of a task; texts are masked, not escaped."""

    id: str
    name: str
    status: str
    #: What a task waits for and since when; empty for a task that does not wait.
    wait: str
    service: str
    version: str
    began: str
    duration: str
    steps: str
    #: Parts of 100 that have ended, and failed.
    progress: int
    failed: int
    retries: int
    error: str


def task_rows(tasks: Iterable[Mapping[str, Any]], facts: Mapping[str, TaskFacts], masker: Masker) -> list[TaskRow]:
    """Return the rows of tasks; a task is given by the fields of its statistics."""
    return [_row(task, facts.get(task["task_id"], NO_FACTS), masker) for task in tasks]


def _row(task: Mapping[str, Any], facts: TaskFacts, masker: Masker) -> TaskRow:
    total = task["total_steps"]
    ended = task["completed_steps"] + task["failed_steps"] + task["cancelled_steps"]
    return TaskRow(
        id=task["task_id"],
        name=shown_text(task["task_name"], masker, _MAX_TEXT),
        status=shown_status(task),
        wait=_wait_text(task, masker),
        service=shown_text(facts.service, masker, _MAX_TEXT),
        version=shown_text(facts.version, masker, _MAX_TEXT),
        began=time_text(task["started_at"] or task["created_at"]),
        duration="-" if task["duration_s"] is None else duration_text(round(task["duration_s"] * _SECOND)),
        steps=f"{task['completed_steps']}/{total}",
        progress=round(100 * min(ended, total) / total) if total else 0,
        failed=task["failed_steps"],
        retries=task["retries"],
        error=error_text(task["first_error"], masker),
    )


def _wait_text(task: Mapping[str, Any], masker: Masker) -> str:
    if shown_status(task) != WAITING:
        return ""
    return f"for {shown_text(task['waiting_for'], masker, _MAX_REASON)} since {time_text(task['waiting_since'])}"


def error_text(error: Mapping[str, Any] | None, masker: Masker) -> str:
    r"""Return a task's first error in a line: step, class, message.

    >>> error_text({"step_id": "pay", "error_class": "Declined", "error_message": "no\nmoney"}, Masker())
    'pay: Declined: no'
    """
    reasons = [error.get(name) for name in ("step_id", "error_class", "error_message")] if error else []
    return shown_text(": ".join(str(reason) for reason in reasons if reason).partition("\n")[0], masker, _MAX_TEXT)
