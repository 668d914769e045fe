"""Tables at every width: a cell is whole or not there."""

import pytest

from tasker_consumers.ranked_table import ranked_lines

COLUMNS = ("task", "status", "duration", "first error")
ROWS = [["order-1234567890", "complete", "178 ms", ""], ["order-2", "error", "1780 s", "charge: Timeout: no answer"]]


@pytest.mark.parametrize("width", [10, 20, 30, 40, 60, 80, 200])
def test_no_cell_is_cut_and_nothing_is_wider_than_the_terminal_that_can_be_narrower(width: int) -> None:
    lines = ranked_lines(COLUMNS, ROWS, width)
    words = {word for row in ROWS for cell in row for word in cell.split()}
    assert {word for line in lines[1:] for word in line.split()} <= words | {*COLUMNS, "first", "error"}
    assert any("order-1234567890" in line for line in lines)
    if width >= 30:
        assert max(map(len, lines)) <= width


def test_the_last_columns_are_left_out_first_but_not_a_text() -> None:
    numbers = [row[:3] for row in ROWS]
    assert [line.split()[-1] for line in ranked_lines(COLUMNS[:3], numbers, 30)] == ["status", "complete", "error"]
    assert ranked_lines(COLUMNS, ROWS, 40)[0].split() == ["task", "status", "duration"]
    assert ranked_lines(COLUMNS, ROWS, 40)[-2:] == [
        "order-2           error     1780 s",
        "    charge: Timeout: no answer",
    ]
    assert ranked_lines(COLUMNS, ROWS, 30)[0].split() == ["task", "status"]


def test_a_text_is_wrapped_beside_the_other_columns_where_there_is_room() -> None:
    rows = [["kafka", "failed", "no broker answers at 127.0.0.1:9092: connection refused; is Kafka running?"]]
    assert ranked_lines(("check", "result", "what was found"), rows, 45) == [
        "check  result  what was found",
        "kafka  failed  no broker answers at",
        "               127.0.0.1:9092: connection",
        "               refused; is Kafka running?",
    ]


def test_where_two_columns_do_not_fit_a_row_is_a_block() -> None:
    assert ranked_lines(COLUMNS, ROWS, 20) == [
        "task        order-1234567890",
        "status      complete",
        "duration    178 ms",
        "",
        "task        order-2",
        "status      error",
        "duration    1780 s",
        "first error charge: Timeout: no",
        "            answer",
    ]
