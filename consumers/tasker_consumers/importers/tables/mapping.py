"""Which column of a table tells which field of a step."""

from collections.abc import Iterable, Mapping

from tasker_consumers.importers.errors import BrokenFile

#: The fields of a step in a table, each with usual names of its column.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "task": ("task_id", "case_id", "case", "case:concept:name", "run_id", "workflow_id", "workflow_run_id", "caseid"),
    "step": ("step_id", "step", "activity", "concept:name", "activity_name", "step_name", "operation"),
    "start": ("started_at", "start", "start_time", "start_timestamp", "start_date", "begin", "started"),
    "end": (
        "completed_at", "end", "end_time", "end_timestamp", "end_date", "finished_at", "ended_at", "complete",
        "time:timestamp", "timestamp", "finished",
    ),
    "status": ("status", "state", "outcome", "result"),
    "queued": ("queued_at", "queued", "submitted_at", "scheduled_at", "submit"),
    "duration": ("duration", "duration_s", "execution_duration", "elapsed"),
    "attempt": ("attempt", "attempt_number", "try_number"),
    "name": ("task_name", "workflow", "workflow_name"),
    "depends_on": ("depends_on", "parents"),
    "error": ("error_message", "error"),
}  # fmt: skip
_NEEDED = ("task", "step")
_TIMES = ("start", "end", "queued")
_SHOWN, _SHOWN_LENGTH = 20, 40  # names of columns in a message, and their characters
_EXAMPLE = "--map task=case_id,step=activity,start=begin,end=finish"


def columns_of(names: Iterable[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Return the column of each field, by the mapping, or without it by the usual names; raise BrokenFile.

    >>> columns_of(["case_id", "activity", "timestamp", "cost"], {})
    {'task': 'case_id', 'step': 'activity', 'end': 'timestamp'}
    """
    names = list(names)
    columns = dict(mapping) or _guessed(names)
    for field, column in columns.items():
        if field not in FIELDS:
            raise BrokenFile("", f"--map knows no field {field!r}; the fields are {', '.join(FIELDS)}")
        if column not in names:
            raise BrokenFile("line 1", f"no column {column!r} for the field {field}; the columns are {_listed(names)}")
    if missing := [field for field in _NEEDED if field not in columns]:
        raise BrokenFile("line 1", _remedy(f"no column tells the {' and the '.join(missing)}", names))
    if not any(field in columns for field in _TIMES):
        raise BrokenFile("line 1", _remedy("no column tells a time", names))
    return columns


def _guessed(names: list[str]) -> dict[str, str]:
    by_lower = {name.lower(): name for name in reversed(names)}
    columns = {
        field: [by_lower[usual] for usual in usual_names if usual in by_lower] for field, usual_names in FIELDS.items()
    }
    return {field: candidates[0] for field, candidates in columns.items() if candidates}


def _remedy(problem: str, names: list[str]) -> str:
    return f"{problem}; say it, as in {_EXAMPLE}: the columns are {_listed(names)}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(name[:_SHOWN_LENGTH] for name in names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
