"""Whatever a history says, its spans are right or say that they are not."""

from collections.abc import Iterator
from itertools import permutations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tasker_consumers.telemetry.core.event import FAILED, read_event
from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_consumers.telemetry.export.otlp.encoder import encode_span
from tasker_consumers.telemetry.export.zipkin.encoder import ZipkinEncoder
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.attributes import CLAMPED, OUTSIDE, SHIFTED
from tasker_consumers.telemetry.spans.span import STEP, TASK, Span
from tasker_schemas.catalogue import RANK_AFTER
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.headers import TraceHeaders
from tests.support.scale import SCALE
from tests.support.telemetry.histories import TASK as TASK_ID
from tests.support.telemetry.histories import Told, hostile_records, place, told
from tests.support.telemetry.skewed import Skewed, skewed_histories
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


def key_of(span: Span) -> AttemptKey:
    return AttemptKey(str(span.attributes["step_id"]), int(str(span.attributes["attempt_number"])))


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


@given(skewed_histories())
def test_clocks_that_disagree_change_no_duration_and_leave_no_step_outside_without_a_mark(history: Skewed) -> None:
    spans = spans_of(history.records)
    (root,) = [span for span in spans if span.kind == TASK]
    steps = {key_of(span): span for span in spans if span.kind == STEP}
    assert {key: (span.end - span.start) // 1000 for key, span in steps.items()} == history.durations
    assert not is_marked(root)
    for span in steps.values():
        assert is_marked(span) or root.start <= span.start <= span.end <= root.end


@given(skewed_histories())
def test_no_event_of_a_history_that_could_be_lies_outside_of_its_span(history: Skewed) -> None:
    for span in spans_of(history.records):
        is_of_two = span.kind == STEP and key_of(span) in history.delivered_again
        for event in span.events:
            # The start of a delivery that came to nothing is before the span of the delivery that did the work.
            if event.name != "step.started" or not is_of_two:
                assert span.start <= event.time <= span.end


@given(skewed_histories(), st.randoms(use_true_random=False))
def test_every_order_of_a_history_that_could_be_gives_one_result(history: Skewed, random: Random) -> None:
    shuffled = [*history.records, *random.choices(history.records, k=3)]
    random.shuffle(shuffled)
    assert spans_of(shuffled) == spans_of(history.records)


@given(histories)
@settings(max_examples=30 * SCALE)
def test_every_span_can_be_written_for_every_backend(history: list[Told]) -> None:
    for span in spans_of(history):
        assert encode_span(span)
        assert ZipkinEncoder({}).encoded(span)["duration"] >= 1


def test_contexts_that_contradict_each_other_under_one_id_and_time_give_one_result_in_every_order() -> None:
    contexts = [place(TASK_ID), place(TASK_ID, "b"), TraceHeaders(place(TASK_ID).span), TraceHeaders()]
    for name, more in (("observability.task.enqueue", {}), ("step.handle", {"step_id": "a"})):
        history = [told(name, 1, trace=trace, event_id="same", **more) for trace in contexts]
        history.append(told("shop.payment_taken", 0, trace=place(TASK_ID)))
        results = [spans_of(list(order)) for order in permutations(history)]
        assert all(result == results[0] for result in results)


def test_a_step_that_tells_its_end_alone_lies_in_its_task() -> None:
    history = [told("step.completed", 0, step_id="a"), told("task.initialize_requested", 5), told("task.completed", 6)]
    spans = {span.kind: span for span in spans_of(history)}
    assert spans[TASK].start == spans[STEP].start
