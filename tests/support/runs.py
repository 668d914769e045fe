"""Runs for the tests of trace view and diff: histories as records, and what is rebuilt from them."""

from collections.abc import Iterable, Sequence

from tasker_consumers.compare.shape import RunShape, shape_of
from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.trace_view.rebuild import Run, rebuild
from tasker_consumers.trace_view.tree import Node, build_tree
from tests.support.telemetry.histories import Told

SECOND = 1_000_000_000


def stored(history: Iterable[Told]) -> list[StoredRecord]:
    """Return the records of a history as they would lie in one partition."""
    return [
        StoredRecord(
            topic=record.topic,
            partition=0,
            offset=offset,
            timestamp=offset,
            key=record.key,
            value=record.value,
            headers=tuple(record.headers),
        )
        for offset, record in enumerate(history)
    ]


def run_of(history: Iterable[Told]) -> Run:
    """Return the run that a history tells."""
    return rebuild(stored(history))


def tree_of(run: Run, present: int | None = None) -> list[Node]:
    """Return a run's tree, by default as it is at the run's last moment."""
    spans = run.spans()
    return build_tree(spans, run.tasks(), max(span.end for span in spans) if present is None else present)


def shape_of_history(history: Iterable[Told]) -> RunShape:
    """Return the units of the run that a history tells, as they are at the run's last moment."""
    spans = run_of(history).spans()
    shape = shape_of(spans, max(span.end for span in spans))
    assert shape is not None
    return shape


def flat(nodes: Sequence[Node]) -> list[Node]:
    """Return all nodes in the order of their lines."""
    return [line for node in nodes for line in (node, *flat(node.children))]
