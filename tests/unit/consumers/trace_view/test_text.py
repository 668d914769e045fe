"""A run as lines of text: at every width numbers, names and ids are whole."""

import re

import pytest

from tasker_consumers.trace_view.details import span_details
from tasker_consumers.trace_view.text import TraceText
from tests.support.runs import run_of, tree_of
from tests.support.telemetry.histories import Told, attempt, failed_order, order, told

WIDTHS = [40, 60, 80, 120, 200]


def lines(history: list[Told], width: int, *, verbose: bool = False, signs: bool = True) -> list[str]:
    run = run_of(history)
    details = span_details(run.spans(), run.payloads) if verbose else None
    return [line.plain for line in TraceText(width, details, signs=signs).lines(tree_of(run), run.tasks())]


@pytest.mark.parametrize("width", WIDTHS)
def test_offset_duration_and_name_are_whole_at_every_width(width: int) -> None:
    text = "\n".join(lines(order(), width))
    for offset, duration, name in [
        ("+0.000", "6.00 s", "order_processing 42"),
        ("+3.000", "2.00 s", "charge_step attempt 2"),
    ]:
        assert re.search(rf"^ *{re.escape(offset)} +{duration} .*{name}", text, re.MULTILINE)


@pytest.mark.parametrize("width", WIDTHS)
def test_lines_of_spans_fit_the_width_apart_from_their_names(width: int) -> None:
    span_lines = [line for line in lines(order("4"), width) if re.match(r" *\+\d", line)]
    assert all(len(line) <= max(width, 64) for line in span_lines)


def test_the_head_says_what_became_of_the_task_and_what_decided_its_time() -> None:
    title, state, facts, *_ = lines(order(), 80)
    assert title.startswith("order_processing 42  trace ")
    assert state.startswith("complete in 6.00 s, began 2023-11-14 22:13:21.000Z, 3 of 3 steps complete")
    assert facts.startswith("critical path fetch → charge → ship (6.00 s); longest step charge (4.00 s)")


def test_the_head_of_a_task_that_waits_says_for_what_and_since_when() -> None:
    waits = told("observability.task.waiting", 5, attributes={"waiting_for": "approval"})
    _, state, *_ = lines([told("task.start_requested", 1), waits], 80)
    assert state.startswith("waiting for approval since ")
    assert ", running for " in state


def test_an_error_is_below_its_step_and_a_long_one_says_how_much_is_left_out() -> None:
    assert [line.strip() for line in lines(failed_order(), 60) if "gateway" in line] == ["gateway.Timeout: no answer"]
    history = attempt("a", 0, 1, "failed", error_class="E", error_message="\n".join(map(str, range(20))))
    text = [line.strip() for line in lines(history, 60)]
    assert "(15 more lines: -v)" in text
    assert "19" not in text


def test_where_signs_cannot_be_written_all_of_it_is_ascii() -> None:
    assert "\n".join(lines([*order(), *failed_order("7")], 120, signs=False)).isascii()


def test_verbose_shows_attributes_events_inputs_and_backtrace() -> None:
    history = attempt("a", 0, 1, "failed", step_inputs='{"cart": 7}', attributes={"items": 3}, service="shop",
                      error_class="E", backtrace=["a.py:1", "b.py:2"])  # fmt: skip
    text = "\n".join(lines(history, 80, verbose=True))
    for words in ("items: 3", 'step_inputs: {"cart": 7}', "service: shop", "event: +1.000 step.failed", "b.py:2"):
        assert words in text


def test_a_title_that_looks_like_markup_is_shown_as_it_is() -> None:
    assert any(
        "[bold]x[/bold] [/red]" in line for line in lines(attempt("a", 0, 1, step_name="[bold]x[/bold] [/red]"), 80)
    )
