"""When spans ran, for which spans they waited, and which chain of spans decided the run's duration. Nanoseconds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tasker_consumers.telemetry.spans.span import Span

_REQUESTS = ("step.execution_requested", "step.retry_requested", "observability.task.enqueue")
_OPEN = ("in_progress", "pending")


class Segment(NamedTuple):
    """A piece of a run's time, and the span that the run waited for then; None where no span ran."""

    span: Span | None
    start: int
    end: int


def is_running(span: Span) -> bool:
    """Return whether a span has not ended."""
    return span.attributes.get("status") in _OPEN


def end_of(span: Span, present: int) -> int:
    """Return the end of a span, or `present` while it runs."""
    return max(span.end, present) if is_running(span) else span.end


def wait_before(span: Span, by_id: Mapping[str, Span], parent: Span | None) -> int:
    """Return how long a step could have run before it did.

    It could from the moment at which the last step it depends on ended, its last attempt ended, or it was requested,
    whichever is the latest; else from its task's start.
    """
    ready = [
        by_id[link.span_id].end
        for link in span.links
        if link.span_id in by_id and by_id[link.span_id].end <= span.start
    ]
    ready += [event.time for event in span.events if event.name in _REQUESTS and event.time <= span.start]
    if not ready and parent is not None:
        ready = [parent.start]
    return max(0, span.start - max(ready)) if ready else 0


def idle_time(start: int, end: int, spans: Iterable[tuple[int, int]]) -> int:
    """Return how much of a range of time no span covers; spans are pairs of start and end.

    >>> idle_time(0, 10, [(1, 4), (3, 5), (8, 20)])
    4
    """
    covered, reached = 0, start
    for first, last in sorted(spans):
        begin, stop = max(first, reached), min(last, end)
        if stop > begin:
            covered += stop - begin
            reached = stop
    return max(0, end - start) - covered


def deciding_chain(start: int, end: int, spans: Sequence[Span], present: int) -> list[Segment]:
    """Return the pieces of `start` to `end`, each with the span that the run waited for; together they are the whole.

    The walk begins at the end: the span that ended last decided the end, and before its start the span that had
    ended by then.
    """
    segments: list[Segment] = []
    moment = end
    for span in sorted(spans, key=lambda span: (end_of(span, present), span.start, span.span_id), reverse=True):
        first, last = max(span.start, start), min(end_of(span, present), end)
        if last > moment or first >= last:
            continue
        if last < moment:
            segments.append(Segment(None, last, moment))
        segments.append(Segment(span, first, last))
        moment = first
    if moment > start:
        segments.append(Segment(None, start, moment))
    return segments[::-1]
