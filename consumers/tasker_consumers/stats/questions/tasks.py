"""What can be asked about tasks over HTTP: one by its id, many by name, status and time."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import Any

from tasker_consumers.engine.processor import Read
from tasker_consumers.engine.web.questions import (
    Asked,
    GroupQuestion,
    KeyQuestion,
    LocalStates,
    Page,
    Parameter,
    Question,
)
from tasker_consumers.stats.core.derive import stats, status_of
from tasker_consumers.stats.core.storage import glance, load
from tasker_consumers.stats.questions.json_schema import schema_of
from tasker_consumers.stats.questions.paging import Place, Shortlist, first, read_cursor, write_cursor
from tasker_consumers.times import read_moment
from tasker_schemas.errors import UsageError

DEFAULT_LIMIT, MOST = 100, 1000
_A_MOMENT = "2026-01-31T14:00 (UTC), how long ago (90s, 15m, 2h, 7d), or microseconds since 1970"


def task_questions() -> tuple[Question, ...]:
    """Return the questions about tasks; their answers are made of the stored states, like the records of the topic."""
    statuses = schema_of("TaskStats")["properties"]["status"]["enum"]
    one = Page(
        path="/tasks/{task_id}",
        title="One task",
        text="The statistics of a task as they are now: the fields of the newest record of the stats topic.",
        key=Parameter(name="task_id", meaning="The task's id.", expected="a task id", schema={"type": "string"}),
        answer=schema_of("TaskStats"),
        example=EXAMPLE,
    )
    many = Page(
        path="/tasks",
        title="Many tasks",
        text="The tasks that were heard of last come first; of the same moment, in the order of their ids. A task that "
        "ended long ago is forgotten.",
        parameters=(
            Parameter(name="name", meaning="Only tasks of this name.", expected="a name", schema={"type": "string"}),
            Parameter(
                name="status",
                meaning=f"Only tasks that stand there: of {', '.join(statuses)} one or more, with commas.",
                expected=f"some of {', '.join(statuses)}",
                schema={"type": "array", "items": {"type": "string", "enum": statuses}},
                read=partial(_some_of, statuses),
            ),
            since_parameter("Only tasks of which something was heard since."),
            *page_parameters(like=(0, "")),
        ),
        answer=page_schema("tasks", schema_of("TaskStats")),
        example={"tasks": [EXAMPLE], "next": None},
    )
    return (
        KeyQuestion(page=one, key=_key, answer=_stats_of, unknown=_unknown),
        GroupQuestion(page=many, part=_some_tasks, whole=partial(page_of, "tasks", place_of_task)),
    )


def since_parameter(meaning: str) -> Parameter:
    """Return the parameter `since`, read as microseconds."""
    meaning = f"{meaning} {_A_MOMENT}."
    return Parameter(name="since", meaning=meaning, expected=_A_MOMENT, schema={"type": "string"}, read=_moment)


def page_parameters(like: Place) -> tuple[Parameter, ...]:
    """Return the parameters that all long answers have; `like` is what a row's place is made of."""
    return (
        Parameter(
            name="limit",
            meaning=f"How many at most, 1 to {MOST}.",
            expected=f"a whole number from 1 to {MOST}",
            schema={"type": "integer", "minimum": 1, "maximum": MOST},
            read=_limit,
            default=DEFAULT_LIMIT,
        ),
        Parameter(
            name="after",
            meaning="`next` of the answer before, to go on from there; the other parameters stay.",
            expected="`next` of an answer to the same question",
            schema={"type": "string"},
            read=partial(read_cursor, like=like),
        ),
    )


def page_schema(name: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a page of rows."""
    after = {"type": ["string", "null"], "description": "What to give as `after` for those that follow; null: none do."}
    return {
        "title": f"{name.title()}Page",
        "type": "object",
        "properties": {name: {"type": "array", "items": row}, "next": after},
        "required": [name, "next"],
        "additionalProperties": False,
    }


def page_of(name: str, place_of: Callable[[Any], Place], asked: Asked, rows: Sequence[Any]) -> dict[str, Any]:
    """Return one page of the rows that all workers gave: each of them one more than the page holds."""
    limit = asked["limit"]
    found = first(rows, limit + 1, asked["after"], place_of)
    more = len(found) > limit
    return {name: found[:limit], "next": write_cursor(place_of(found[limit - 1])) if more else None}


def place_of_task(row: Mapping[str, Any]) -> Place:
    """Return where a task's statistics come in the order of tasks: the latest first."""
    return -(row["last_event_at"] or 0), row["task_id"]


def _key(asked: Asked) -> bytes:
    key: bytes = asked["task_id"].encode("utf-8", "surrogateescape")
    return key


def _stats_of(key: bytes, read: Read) -> dict[str, Any] | None:
    # Parts of a state have keys of their own, which are no tasks.
    state = None if b"\0" in key else load(key, read)
    return None if state is None else stats(state)


def _unknown(asked: Asked) -> str:
    return f"no task {asked['task_id']!r} is known: is the id right? A task that ended long ago is forgotten"


async def _some_tasks(asked: Asked, holding: LocalStates) -> list[dict[str, Any]]:
    """Return the statistics of the first tasks that this worker has."""
    name, statuses, since = asked["name"], asked["status"], asked["since"] or 0
    shortlist = Shortlist[dict[str, Any]](asked["limit"] + 1, asked["after"])
    async with aclosing(holding.states()) as states:
        async for key, read in states:
            head = read(key)
            if head is None:
                continue
            named, heard_at = glance(head)
            place = -(heard_at or 0), key.decode()
            if (name is not None and named != name) or -place[0] < since or not shortlist.wants(place):
                continue
            state = load(key, read)
            if state is not None and (statuses is None or status_of(state) in statuses):
                shortlist.add(place, stats(state))
    return shortlist.rows()


def _moment(text: str) -> int:
    if text.isdecimal():
        return int(text)
    try:
        return read_moment(text, datetime.now(UTC)) * 1000
    except UsageError as error:
        raise ValueError(text) from error


def _limit(text: str) -> int:
    if not 1 <= int(text) <= MOST:
        raise ValueError(text)
    return int(text)


def _some_of(allowed: Sequence[str], text: str) -> frozenset[str]:
    wanted = frozenset(text.split(","))
    if not wanted <= {*allowed}:
        raise ValueError(text)
    return wanted


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
}
