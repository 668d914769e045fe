"""The chain that decided how long a run took: its pieces are the whole, whatever the spans are."""

from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.telemetry.spans.span import OK, Span
from tasker_consumers.trace_view.timing import deciding_chain, idle_time


def a_span(number: int, start: int, end: int) -> Span:
    return Span(
        trace_id="a" * 32, span_id=f"{number + 1:016x}", parent_span_id=None, name="step", start=start, end=end,
        status=OK, message="", attributes={"step_id": str(number), "status": "complete"}, events=[], links=[],
        service="", flags=1, tracestate="",
    )  # fmt: skip


_spans = st.lists(st.tuples(st.integers(-5, 60), st.integers(0, 30)), max_size=12).map(
    lambda pairs: [a_span(number, start, start + length) for number, (start, length) in enumerate(pairs)]
)


@given(_spans, st.integers(0, 50))
def test_the_pieces_follow_each_other_from_start_to_end(spans: list[Span], end: int) -> None:
    chain = deciding_chain(0, end, spans, end)
    moments = [0, *(segment.end for segment in chain)]
    assert [segment.start for segment in chain] == moments[:-1]
    assert moments[-1] == end
    assert all(segment.start < segment.end for segment in chain)


@given(_spans, st.integers(0, 50))
def test_a_piece_lies_within_its_span(spans: list[Span], end: int) -> None:
    for segment in deciding_chain(0, end, spans, end):
        if segment.span is not None:
            assert segment.span.start <= segment.start < segment.end <= segment.span.end


@given(_spans, st.integers(0, 50))
def test_idle_time_is_counted_moment_by_moment(spans: list[Span], end: int) -> None:
    covered = {moment for span in spans for moment in range(max(0, span.start), min(end, span.end))}
    assert idle_time(0, end, [(span.start, span.end) for span in spans]) == end - len(covered)
