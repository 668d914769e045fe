"""HTTP questions about tasks: a task by its id, a list of tasks by name, status and time."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from tasker_consumers.engine.processor import Read
from tasker_consumers.engine.web.questions import (
    Arguments,
    GroupQuestion,
    KeyQuestion,
    LocalStates,
    Page,
    Parameter,
    Question,
)
from tasker_consumers.stats.core.derive import derive_stats
from tasker_consumers.stats.core.storage import load, read_name_and_time
from tasker_consumers.stats.questions.json_schema import schema_of
from tasker_consumers.stats.questions.paging import Position, Shortlist, first_rows, write_cursor
from tasker_consumers.stats.questions.parameters import has_status, page_parameters, since_parameter, status_parameter
from tasker_schemas.avro.versions import TASK_STATS


def task_questions() -> tuple[Question, ...]:
    """Return the questions about tasks; the answers are derived from the stored states, like the topic's records."""
    single = Page(
        path="/tasks/{task_id}",
        title="One task",
        text="The current statistics of a task: the fields of its newest record on the stats topic.",
        key=Parameter(name="task_id", meaning="The task's id.", expected="a task id", schema={"type": "string"}),
        answer=schema_of(TASK_STATS),
        example=EXAMPLE,
    )
    many = Page(
        path="/tasks",
        title="Many tasks",
        text="Tasks, the task with the latest event first; of equal times in the order of their ids. A task that "
        "ended long ago is forgotten.",
        parameters=(
            Parameter(name="name", meaning="Only tasks of this name.", expected="a name", schema={"type": "string"}),
            status_parameter(),
            since_parameter("Only tasks with an event since then."),
            *page_parameters(like=(0, "")),
        ),
        answer=page_schema("tasks", schema_of(TASK_STATS)),
        example={"tasks": [EXAMPLE], "next": None},
    )
    return (
        KeyQuestion(page=single, key=_key, answer=_stats_of, unknown=_unknown),
        GroupQuestion(page=many, part=_first_tasks, combine=partial(page_of, "tasks", task_position)),
    )


def page_schema(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a page of rows."""
    cursor = {"type": ["string", "null"], "description": "Value of `after` for the next page; null on the last page."}
    return {
        "title": f"{name.title()}Page",
        "type": "object",
        "properties": {name: {"type": "array", "items": row}, "next": cursor},
        "required": [name, "next"],
        "additionalProperties": False,
    }


def page_of(name: str, position_of: Callable[[Any], Position], query: Arguments, rows: Sequence[Any]) -> dict[str, Any]:
    """Return a page of the rows of all workers, each of which gives up to a row more than the page holds."""
    limit = query["limit"]
    page = first_rows(rows, limit + 1, query["after"], position_of)
    has_next = len(page) > limit
    return {name: page[:limit], "next": write_cursor(position_of(page[limit - 1])) if has_next else None}


def task_position(row: Mapping[str, Any]) -> Position:
    """Return the position of a task's statistics in the order of tasks: the latest event first."""
    return -(row["last_event_at"] or 0), row["task_id"]


def _key(query: Arguments) -> bytes:
    key: bytes = query["task_id"].encode("utf-8", "surrogateescape")
    return key


def _stats_of(key: bytes, read: Read) -> dict[str, Any] | None:
    # A key with a NUL character belongs to a part of a state, not to a task.
    state = None if b"\0" in key else load(key, read)
    return None if state is None else derive_stats(state)


def _unknown(query: Arguments) -> str:
    return f"no task {query['task_id']!r} is known: is the id right? A task that ended long ago is forgotten"


async def _first_tasks(query: Arguments, local: LocalStates) -> list[dict[str, Any]]:
    """Return the statistics of the first tasks among those that this worker holds."""
    name, statuses, since = query["name"], query["status"], query["since"] or 0
    shortlist = Shortlist[dict[str, Any]](query["limit"] + 1, query["after"])
    async with aclosing(local.states()) as states:
        async for key, read in states:
            head = read(key)
            if head is None:
                continue
            task_name, last_event_at = read_name_and_time(head)
            position = -(last_event_at or 0), key.decode()
            if (name is not None and task_name != name) or -position[0] < since or not shortlist.accepts(position):
                continue
            state = load(key, read)
            if state is not None and (statuses is None or has_status(state, statuses)):
                shortlist.add(position, derive_stats(state))
    return shortlist.rows()


EXAMPLE: Mapping[str, Any] = {
    "task_id": "42",
    "task_name": "order_processing",
    "status": "complete",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "created_at": 1_767_225_600_000_000,
    "started_at": 1_767_225_600_250_000,
    "completed_at": 1_767_225_604_250_000,
    "last_event_at": 1_767_225_604_250_000,
    "queue_time_s": 0.25,
    "duration_s": 4.0,
    "total_steps": 3,
    "completed_steps": 3,
    "failed_steps": 0,
    "cancelled_steps": 0,
    "pending_steps": 0,
    "attempts": 4,
    "retries": 1,
    "step_time_s": 3.5,
    "parallelism": 0.875,
    "longest_step": "charge_card",
    "longest_step_s": 2.0,
    "critical_path": ["fetch_cart", "charge_card", "ship"],
    "critical_path_s": 3.5,
    "first_error": {
        "error_class": "Timeout",
        "error_message": "no answer within 1 s",
        "step_id": "charge_card",
        "attempt_number": 1,
    },
    "revision": 36,
    "waiting_for": None,
    "waiting_since": None,
    "waiting_until": None,
    "waiting_step": None,
}
