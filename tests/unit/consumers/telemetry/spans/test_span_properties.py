"""Whatever a history says, its spans are right or say that they are not."""

from collections.abc import Iterator
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tasker_consumers.telemetry.core.event import FAILED, read_event
from tasker_consumers.telemetry.export.otlp.encoder import encode_span
from tasker_consumers.telemetry.export.zipkin.encoder import ZipkinEncoder
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.attributes import CLAMPED, OUTSIDE, SHIFTED
from tasker_consumers.telemetry.spans.span import STEP, TASK, Span
from tasker_schemas.catalogue import RANK_AFTER
from tasker_schemas.errors import PoisonRecord
from tests.support.telemetry.histories import Told, hostile_records
from tests.support.telemetry.span_rules import broken_rules

histories = st.lists(hostile_records(), min_size=1, max_size=12)
_ENDINGS = {name for name, rank in RANK_AFTER.items() if rank >= FAILED}
_ENDED = {"complete", "error", "cancelled", "resolved_manually"}
_MARKS = {CLAMPED, SHIFTED, OUTSIDE}


def readable(history: list[Told]) -> Iterator[dict[str, object]]:
    for record in history:
        try:
            yield read_event(record).data
        except PoisonRecord:
            continue


def is_marked(span: Span) -> bool:
    return not _MARKS.isdisjoint(span.attributes)


@given(histories)
def test_every_hostile_history_keeps_the_rules_of_opentelemetry(history: list[Told]) -> None:
    spans = spans_of(history)
    assert broken_rules(spans) == []
    assert len({span.span_id for span in spans}) == len(spans)


@given(histories, st.randoms(use_true_random=False))
def test_every_order_and_any_redelivery_gives_one_result(history: list[Told], random: Random) -> None:
    shuffled = [*history, *random.choices(history, k=3)]
    random.shuffle(shuffled)
    assert spans_of(shuffled) == spans_of(history)


@given(histories)
def test_no_span_of_a_step_lies_outside_of_its_ended_task_without_a_mark(history: list[Told]) -> None:
    spans = spans_of(history)
    root = next((span for span in spans if span.kind == TASK), None)
    has_ended = any(span.kind == "end" for span in spans)
    for span in spans:
        if root is not None and has_ended and span.kind == STEP and not is_marked(span) and not is_marked(root):
            assert root.start <= span.start <= span.end <= root.end


@given(histories)
def test_no_event_that_ends_a_span_is_shown_outside_of_it(history: list[Told]) -> None:
    for span in spans_of(history):
        if span.attributes.get("status") not in _ENDED:
            continue
        last = [event for event in span.events if event.name in _ENDINGS or event.name == "exception"][-1:]
        assert all(span.start <= event.time <= span.end for event in last)


@given(histories)
def test_an_unmarked_span_of_an_attempt_ends_where_an_event_of_it_says(history: list[Told]) -> None:
    events = list(readable(history))
    for span in spans_of(history):
        if span.kind == STEP and span.status != "UNSET" and not is_marked(span):
            ends = [event for event in events if event.get("step_id") == span.attributes["step_id"]]
            assert any(_explains(event, span) for event in ends)


def _explains(event: dict[str, object], span: Span) -> bool:
    end = int(event.get("completed_at", event["timestamp"]))  # type: ignore[call-overload]
    start, duration = event.get("started_at"), event.get("execution_duration")
    expected = {end, *(() if duration is None else (span.start // 1000 + round(float(duration) * 1e6),))}  # type: ignore[arg-type]
    return span.end // 1000 in expected and (start is None or start == span.start // 1000)


@given(histories)
@settings(max_examples=30)
def test_every_span_can_be_written_for_every_backend(history: list[Told]) -> None:
    for span in spans_of(history):
        assert encode_span(span)
        assert ZipkinEncoder({}).encoded(span)["duration"] >= 1
