"""What real traces, run events and tables say, worked out by hand; shares no line with the importers and the folds."""

import csv
import gzip
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.support.importers.oracles import Expected, content

Edges = dict[tuple[str, str], set[str]]


@dataclass
class Item:
    """Something that ran: its name, what it lies in, its times in seconds and its end."""

    key: str
    name: str
    parent: str | None
    start: Fraction | None
    end: Fraction | None
    outcome: str | None = None  # complete, error, cancelled
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)


def of_items(items: Iterable[Item]) -> dict[str, Expected]:
    """Return the tasks: all items without a parent, and all with parts."""
    by_key = {item.key: item for item in items}
    parts: dict[str, list[Item]] = {}
    for item in by_key.values():
        if item.parent in by_key:
            parts.setdefault(str(item.parent), []).append(item)
    tasks = [item for item in by_key.values() if item.key in parts or item.parent not in by_key]
    return {task.key: _expected(task, parts.get(task.key, [])) for task in tasks}


def edges_of(items: Iterable[Item]) -> Edges:
    """Return what waits for what among parts of the same item: a reader for all that wrote before it began."""
    listed = list(items)
    edges: Edges = {}
    for reader in listed:
        if reader.parent is None:
            continue
        needed = {
            other.name
            for other in listed
            if other.parent == reader.parent and other.key != reader.key and other.writes & reader.reads
            and (other.start, other.key) < (reader.start, reader.key)
        }  # fmt: skip
        if needed:
            edges[reader.parent, reader.name] = needed
    return edges


def _expected(task: Item, parts: list[Item]) -> Expected:
    count = [part.outcome for part in parts].count
    lasts = None if task.start is None or task.end is None else task.end - task.start
    status = task.outcome or ("pending" if task.start is None else "in_progress")
    return Expected(len(parts), len(parts), count("complete"), count("error"), count("cancelled"), status, lasts, None)


def items_of_otlp(path: Path) -> list[Item]:
    """Return the spans of a request."""
    spans = [
        span
        for resource in content(path)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]
    return [
        Item(
            key=f"trace:{span['traceId']}:{span['spanId']}",
            name=span["name"],
            parent=f"trace:{span['traceId']}:{span['parentSpanId']}" if span.get("parentSpanId") else None,
            start=Fraction(int(span["startTimeUnixNano"]) // 1000, 10**6),
            end=Fraction(int(span["endTimeUnixNano"]) // 1000, 10**6),
            outcome="error" if span.get("status", {}).get("code") == 2 else "complete",
        )
        for span in spans
    ]


def items_of_jaeger(path: Path) -> list[Item]:
    """Return the spans of a trace as Jaeger's UI saves it."""
    document = content(path)
    traces = document.get("data", document)
    items = []
    for trace in traces if isinstance(traces, list) else [traces]:
        for span in trace["spans"]:
            above = [ref["spanID"] for ref in span.get("references", []) if ref["traceID"] == span["traceID"]]
            tags = {tag["key"]: str(tag["value"]).lower() for tag in span.get("tags", [])}
            begin = Fraction(span["startTime"], 10**6)
            items.append(
                Item(
                    key=_jaeger_key(span["traceID"], span["spanID"]),
                    name=span["operationName"],
                    parent=_jaeger_key(span["traceID"], above[0]) if above else None,
                    start=begin,
                    end=begin + Fraction(span["duration"], 10**6),
                    outcome="error" if "true" in tags.get("error", "") else "complete",
                )
            )
    return items


def _jaeger_key(trace: str, span: str) -> str:
    return f"trace:{trace.rjust(32, '0')}:{span.rjust(16, '0')}"


_ENDS = {"COMPLETE": "complete", "FAIL": "error", "ABORT": "cancelled"}


def items_of_openlineage(path: Path) -> list[Item]:
    """Return the runs of a recorded dbt command; the names of jobs are unique in it, the ids of runs are not kept."""
    items: dict[str, Item] = {}
    for event in content(path):
        name = event["job"]["name"]
        parent = event["run"]["facets"].get("parent")
        item = items.setdefault(name, Item(name, name, parent and parent["job"]["name"], None, None))
        if event["eventType"] == "START":
            item.start = _seconds(event["eventTime"])
        elif event["eventType"] in _ENDS:
            item.end, item.outcome = _seconds(event["eventTime"]), _ENDS[event["eventType"]]
        item.reads |= {dataset["namespace"] + dataset["name"] for dataset in event.get("inputs", [])}
        item.writes |= {dataset["namespace"] + dataset["name"] for dataset in event.get("outputs", [])}
    return list(items.values())


def _seconds(text: str) -> Fraction:
    """Return the seconds of a day and the day of a month: events of a command lie in the same month."""
    match = re.fullmatch(r"\d+-\d+-(\d+)T(\d+):(\d+):(\d+)(?:\.(\d+))?Z", text)
    assert match is not None
    day, hour, minute, second = (int(part) for part in match.groups()[:4])
    return Fraction(day * 86_400 + hour * 3600 + minute * 60 + second) + Fraction(f"0.{match[5] or 0}")


def rows_of_alibaba(path: Path) -> tuple[str, list[dict[str, str]]]:
    """Return the header of the table and its rows."""
    text = gzip.decompress(path.read_bytes()).decode()
    header, _, rows = text.partition("\n")
    names = [name.strip() for name in header.split(",")]
    return header, [dict(zip(names, row, strict=True)) for row in csv.reader(io.StringIO(rows))]


_STATES = {"Terminated": "complete", "Failed": "error", "Running": None, "Waiting": None}


def of_alibaba(rows: Iterable[Mapping[str, str]]) -> dict[str, Expected]:
    """Return the jobs of rows: a job has ended when all its tasks have."""
    by_job: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_job.setdefault(f"csv:{row['job_id']}", []).append(row)
    return {job: _job(of_job) for job, of_job in by_job.items()}


def _job(rows: list[Mapping[str, Any]]) -> Expected:
    outcomes = [_STATES[row["status"]] for row in rows]
    starts = [int(row["task_create_time"]) for row in rows if row["status"] != "Waiting"]
    ends = [int(row["task_end_time"]) for row in rows]
    status = "error" if "error" in outcomes else "complete"
    if None in outcomes:
        status = "in_progress" if starts else "pending"
    lasts = max(ends) - min(starts) if None not in outcomes else None
    attempts = sum(row["status"] != "Waiting" for row in rows)
    ended = (outcomes.count("complete"), outcomes.count("error"), 0)
    seconds = None if lasts is None or lasts < 0 else Fraction(lasts)
    return Expected(len(rows), attempts, *ended, status, seconds, None)
