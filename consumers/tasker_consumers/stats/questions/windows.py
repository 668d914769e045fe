"""The HTTP question about windows: the tasks or steps of a name that ended, by minute or hour."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from tasker_consumers.engine.web.questions import Arguments, GroupQuestion, LocalStates, Page, Parameter
from tasker_consumers.stats.core.windows import HOUR_S, MINUTE_S, STEP, TASK, WindowKey, merge, window_key_of
from tasker_consumers.stats.questions import paging
from tasker_consumers.stats.questions.json_schema import schema_of
from tasker_consumers.stats.questions.parameters import page_parameters, since_parameter
from tasker_consumers.stats.questions.tasks import page_of, page_schema
from tasker_consumers.stats.stored_windows import StoredWindow
from tasker_consumers.stats.window_index import WindowIndex
from tasker_schemas.avro.versions import STATS_WINDOW
from tasker_schemas.errors import UsageError

_LENGTHS = {"minute": MINUTE_S, "hour": HOUR_S}


def window_question(index: WindowIndex) -> GroupQuestion:
    """Return the question about windows, which each worker answers from its index."""
    page = Page(
        path="/windows",
        title="How tasks or steps went",
        text="The tasks or steps that ended in each minute or hour, by name: counts by outcome, retries, durations "
        "within 1 %. The latest window comes first. Windows have the fields of the topic's records, summed over all "
        "partitions.",
        parameters=(
            Parameter(name="name", meaning="Only tasks, of this name.", expected="a name", schema={"type": "string"}),
            Parameter(name="step", meaning="Only steps, of this name.", expected="a name", schema={"type": "string"}),
            Parameter(
                name="length",
                meaning="The length of a window.",
                expected=" or ".join(_LENGTHS),
                schema={"type": "string", "enum": [*_LENGTHS]},
                read=_length,
                default="hour",
            ),
            since_parameter("Only windows that begin at this time or later."),
            *page_parameters(like=(0, "", "")),
        ),
        answer=page_schema("windows", _schema()),
        example={"windows": [EXAMPLE], "next": None},
    )
    return GroupQuestion(page=page, part=partial(_first_windows, index), combine=_page)


def window_position(row: Mapping[str, Any]) -> paging.Position:
    """Return the position of a window in the order of windows: the latest first."""
    return _position(window_key_of(row))


async def _first_windows(index: WindowIndex, query: Arguments, local: LocalStates) -> list[dict[str, Any]]:
    """Return the first windows among those that this worker holds."""
    if query["name"] is not None and query["step"] is not None:
        raise UsageError("name and step are both given; expected one of them")
    kind, name = None, query["name"] or query["step"]
    if name is not None:
        kind = TASK if query["step"] is None else STEP
    rows = paging.Shortlist[tuple[WindowKey, bytes]]((query["limit"] + 1) * len(local.partitions), query["after"])
    walk = partial(index.walk, kind=kind, name=name, length_s=_LENGTHS[query["length"]], since=query["since"])
    async with aclosing(local.iterate(walk)) as entries:
        async for key, entry in entries:
            if rows.accepts(_position(key)):
                rows.add(_position(key), (key, entry))
    return merge(_value(key, entry) for key, entry in rows.rows())


def _page(query: Arguments, rows: Sequence[Any]) -> dict[str, Any]:
    return page_of("windows", window_position, query, merge(rows))


def _position(key: WindowKey) -> paging.Position:
    return -key.start, key.kind, key.name


def _value(key: WindowKey, entry: bytes) -> dict[str, Any]:
    content, revision = StoredWindow.of_entry(entry)
    return content.window.value(key, revision)


def _length(text: str) -> str:
    if text not in _LENGTHS:
        raise ValueError(text)
    return text


def _schema() -> dict[str, Any]:
    """Return the schema of a window in an answer: all fields of its record but `partition`."""
    schema = schema_of(STATS_WINDOW)
    fields = {name: field for name, field in schema["properties"].items() if name != "partition"}
    return {
        **schema,
        "description": "The tasks or steps of a name that ended in a minute or an hour.",
        "properties": fields,
        "required": [*fields],
    }


EXAMPLE: Mapping[str, Any] = {
    "kind": "task",
    "name": "order_processing",
    "window_start": 1_767_225_600_000_000,
    "window_s": 3600,
    "count": 4,
    "complete": 3,
    "error": 1,
    "cancelled": 0,
    "resolved_manually": 0,
    "failure_ratio": 0.25,
    "retries": 2,
    "measured": 4,
    "duration_sum_s": 16.0,
    "duration_mean_s": 4.0,
    "duration_p50_s": 3.99,
    "duration_p90_s": 4.02,
    "duration_p95_s": 4.02,
    "duration_p99_s": 4.02,
    "duration_max_s": 4.02,
    "duration_bins": {"760": 4},
    "revision": 1_767_225_604_300_000,
}
