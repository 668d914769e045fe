"""The spans that another tool makes of recorded runs of GitHub Actions: read from its output, not from our code."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from tasker_consumers.importers import ImportedEvent
from tasker_consumers.importers.publish import publish
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.names import SpanNames
from tasker_consumers.telemetry.spans.span import Span
from tasker_producer.testing import RecordingPublisher
from tests.support.importers.oracles import DATA
from tests.support.telemetry.histories import Told

_SPAN = re.compile(r"^\{\n.*?^\}$", re.MULTILINE | re.DOTALL)
_STATUS = {"0": "UNSET", "1": "OK", "2": "ERROR"}


class Shape(NamedTuple):
    """What two tools can agree on about a span: its names from the root down, times in microseconds, status."""

    path: tuple[str, ...]
    start: int
    end: int
    status: str


def recordings() -> list[Path]:
    """Return the recorded answers of GitHub; skip the test where they are not."""
    found = sorted((DATA / "github-actions").rglob("*.rec"))
    if not found:
        pytest.skip("no real github-actions beside the project: the folder shared/data is not there")
    return found


def expected_shapes(folder: Path) -> dict[str, set[Shape]]:
    """Return the spans that lie beside a recording, by the id of their run."""
    texts = [path.read_text() for path in sorted(folder.glob("output_*.txt"))]
    return {_one(r"'github\.run_id': (\d+)", text): _shapes(text) for text in texts}


def _shapes(text: str) -> set[Shape]:
    spans = {_one(r"^  id: '(\w+)'", span): span for span in _SPAN.findall(text)}

    def path(span: str) -> tuple[str, ...]:
        parent = re.search(r"^    spanId: '(\w+)'", span, re.MULTILINE)
        return (*(path(spans[parent[1]]) if parent else ()), _one(r"^  name: '(.*)',$", span))

    def shape(span: str) -> Shape:
        start, lasts = (int(_one(rf"^  {name}: (\d+)", span)) for name in ("timestamp", "duration"))
        return Shape(path(span), start, start + lasts, _STATUS[_one(r"^  status: \{ code: (\d)", span)])

    return set(map(shape, spans.values()))


def _one(pattern: str, text: str) -> str:
    (found,) = set(re.findall(pattern, text, re.MULTILINE))
    return str(found)


def spans_of_import(events: Iterable[ImportedEvent]) -> list[Span]:
    """Return the spans of imported events, by way of the records that the producer makes of them."""
    publisher = RecordingPublisher()
    publish(events, publisher)
    records = [Told(e.topic, e.key.encode(), e.value, tuple(e.headers)) for e in publisher.events]
    return spans_of(records, SpanNames.READABLE)


def shapes_of(spans: Iterable[Span]) -> dict[str, set[Shape]]:
    """Return spans, named by task and step as they are, by the id of their run."""
    known = {span.span_id: span for span in spans}
    shapes: dict[str, set[Shape]] = {}
    for span in known.values():
        line = [span]
        while line[0].parent_span_id is not None:
            line.insert(0, known[line[0].parent_span_id])
        path = tuple(above.name for above in line)
        run_id = str(line[0].attributes["task_id"]).removeprefix("github-actions:")
        shapes.setdefault(run_id, set()).add(Shape(path, span.start // 1000, span.end // 1000, span.status))
    return shapes
