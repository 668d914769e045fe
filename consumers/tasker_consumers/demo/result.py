"""The result of a demo: the statistics of every task and all spans."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """Statistics and spans as JSON values, and a line for each fault of the input."""

    tasks: Sequence[Mapping[str, Any]]
    spans: Sequence[Mapping[str, Any]]
    faults: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """Return the JSON document of `tasker demo --json`."""
        return {"tasks": list(self.tasks), "spans": list(self.spans)}

    def spans_of(self, trace_id: str | None) -> list[Mapping[str, Any]]:
        """Return the spans of a trace, in the order of their starts."""
        return [span for span in self.spans if span["trace_id"] == trace_id]


def read_spans(file: Path) -> list[dict[str, Any]]:
    """Return the spans that the telemetry group wrote, by trace and start.

    A span that was exported again, after a crash or because its task was taken up again, counts as it was told last.
    """
    if not file.exists():
        return []
    with file.open(encoding="utf-8") as lines:
        return newest_spans(json.loads(line) for line in lines)


def newest_spans(spans: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each span once, as it was told last, by trace and start."""
    newest = {(span["trace_id"], span["span_id"]): span for span in spans}
    return sorted(newest.values(), key=lambda s: (s["trace_id"], int(s["start_time_unix_nano"]), s["span_id"]))
