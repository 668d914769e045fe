"""Our histogram shows to Prometheus what its client's own would show."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.openmetrics.exposition import generate_latest

from tasker_consumers.telemetry.metrics.durations import SECONDS, Durations
from tasker_consumers.telemetry.rebuild import spans_of
from tests.support.telemetry.histories import order

LABELS = ("task_name", "status")
NAMED = st.tuples(st.sampled_from(["order", 'odd "name"\n']), st.sampled_from(["complete", "error"]))
TIMES = st.sampled_from(SECONDS) | st.floats(0, 10_000)


def shown(registry: CollectorRegistry) -> list[str]:
    text: str = generate_latest(registry).decode()  # type: ignore[no-untyped-call]
    # The client adds when a series began, and the moment of an exemplar differs.
    lines = [line for line in text.splitlines() if "_created{" not in line]
    return [line.rpartition(" ")[0] if "trace_id" in line else line for line in lines]


@given(st.lists(st.tuples(NAMED, TIMES, st.booleans()), max_size=40))
def test_any_durations_are_shown_as_the_client_shows_them(
    observed: Sequence[tuple[tuple[str, str], float, bool]],
) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    durations = Durations("took_seconds", "How long.", LABELS, ours)
    histogram = Histogram("took_seconds", "How long.", LABELS, buckets=SECONDS, registry=theirs)
    span = spans_of(order())[0]
    for values, seconds, has_exemplar in observed:
        durations.observe(values, seconds, span if has_exemplar else None)
        ids = {"trace_id": span.trace_id, "span_id": span.span_id} if has_exemplar else None
        histogram.labels(*values).observe(seconds, ids)
    assert shown(ours) == shown(theirs)
