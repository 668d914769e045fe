"""What real workflow files say, worked out on its own: it shares no line with the importers and the folds."""

import functools
import gzip
import json
import re
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data"


@dataclass(frozen=True)
class Expected:
    """What the statistics of one task must be; seconds are exact, None is "the file does not say"."""

    steps: int
    attempts: int
    completed: int
    failed: int
    cancelled: int
    status: str
    duration_s: Fraction | None
    longest_path_s: Fraction | None


def real_files(folder: str, pattern: str = "*.json*") -> list[Path]:
    """Return the real files of one kind; skip the test where they are not."""
    found = sorted(path for path in (DATA / folder).rglob(pattern))
    if not found:
        pytest.skip(f"no real {folder} beside the project: the folder shared/data is not there")
    return found


def content(path: Path) -> Any:
    """Return a file's JSON, with its fractions exact."""
    raw = path.read_bytes()
    return json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw, parse_float=Fraction)


def of_wfcommons(document: dict[str, Any]) -> Expected:
    """Return what an instance in WfFormat 1.5 says: its longest path is also how long it lasts."""
    workflow = document["workflow"]
    runtime = {task["id"]: Fraction(task["runtimeInSeconds"]) for task in workflow["execution"]["tasks"]}
    children = {task["id"]: task["children"] for task in workflow["specification"]["tasks"]}

    @functools.cache
    def from_here(task: str) -> Fraction:
        return runtime[task] + max(map(from_here, children[task]), default=Fraction(0))

    longest = max(map(from_here, children), default=Fraction(0))
    count = len(children)
    return Expected(count, count, count, 0, 0, "complete", longest, longest)


def of_temporal(events: list[dict[str, Any]]) -> Expected:
    """Return what one event history says."""
    kinds = [(_kind(event), event) for event in events]
    count = Counter(kind for kind, _ in kinds)
    opened = {"ActivityTaskScheduled", "TimerStarted", "StartChildWorkflowExecutionInitiated"}
    closing = [(kind, event) for kind, event in kinds if kind in _STATUS]
    return Expected(
        steps=sum(count[kind] for kind in opened),
        attempts=_attempts(kinds),
        completed=count["ActivityTaskCompleted"] + count["TimerFired"] + count["ChildWorkflowExecutionCompleted"],
        failed=sum(count[kind] for kind in _FAILURES),
        cancelled=sum(count[kind] for kind in _CANCELLATIONS),
        status=_STATUS[closing[-1][0]] if closing else "in_progress",
        duration_s=_seconds(closing[-1][1]) - _seconds(events[0]) if closing else None,
        longest_path_s=None,
    )


_FAILURES = (
    "ActivityTaskFailed",
    "ActivityTaskTimedOut",
    "ChildWorkflowExecutionFailed",
    "ChildWorkflowExecutionTimedOut",
    "StartChildWorkflowExecutionFailed",
)
_CANCELLATIONS = (
    "ActivityTaskCanceled",
    "TimerCanceled",
    "ChildWorkflowExecutionCanceled",
    "ChildWorkflowExecutionTerminated",
)
_STATUS = {
    "WorkflowExecutionCompleted": "complete",
    "WorkflowExecutionContinuedAsNew": "complete",
    "WorkflowExecutionFailed": "error",
    "WorkflowExecutionTimedOut": "error",
    "WorkflowExecutionCanceled": "cancelled",
    "WorkflowExecutionTerminated": "cancelled",
}


def _kind(event: dict[str, Any]) -> str:
    name: str = event["eventType"].removeprefix("EVENT_TYPE_")
    return name if name == "Unknown" or "_" not in name else name.title().replace("_", "")


def _attempts(kinds: list[tuple[str, dict[str, Any]]]) -> int:
    """Add up the last attempt of each step; what ended without a start has had one."""
    last: dict[str, int] = {}
    for kind, event in kinds:
        said = event.get(f"{kind[0].lower()}{kind[1:]}EventAttributes", {})
        if kind == "ActivityTaskStarted":
            last[said["scheduledEventId"]] = said.get("attempt", 1)
        elif kind == "TimerStarted":
            last[event["eventId"]] = 1
        elif kind == "ChildWorkflowExecutionStarted":
            last[said["initiatedEventId"]] = 1
        elif kind.startswith("ActivityTask") and kind in _FAILURES + _CANCELLATIONS:
            last.setdefault(said["scheduledEventId"], 1)
        elif kind == "StartChildWorkflowExecutionFailed":
            last[said["initiatedEventId"]] = 1
    return sum(last.values())


def _seconds(event: dict[str, Any]) -> Fraction:
    """Return an event's time to the microsecond, by hand: days of a proleptic calendar and a clock."""
    match = re.fullmatch(r"(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)(?:\.(\d+))?Z", event["eventTime"])
    assert match is not None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    shifted, of_year = year - (month < 3), (month + 9) % 12
    days = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + (153 * of_year + 2) // 5 + day
    micros = int((match.group(7) or "0")[:6].ljust(6, "0"))
    return Fraction(days * 86_400 + hour * 3600 + minute * 60 + second) + Fraction(micros, 1_000_000)
