"""Pages of long answers: together they are the whole, whoever has which rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_consumers.stats.questions.paging import Position, Shortlist, first_rows, read_cursor, write_cursor
from tasker_consumers.stats.questions.tasks import page_of

rows = st.lists(st.tuples(st.integers(-50, 50), st.text("abc", max_size=2)), unique=True, max_size=60)


def position(row: Position) -> Position:
    return row


@given(rows, st.integers(1, 5), st.integers(1, 4))
def test_pages_of_any_number_of_workers_are_all_rows_in_order(rows: list[Position], limit: int, workers: int) -> None:
    found, after = list[Position](), None
    while True:
        asked = {"limit": limit, "after": after}
        parts = [first_rows(rows[worker::workers], limit + 1, after, position) for worker in range(workers)]
        page = page_of("rows", position, asked, [row for part in parts for row in part])
        found += page["rows"]
        if page["next"] is None:
            break
        assert len(page["rows"]) == limit
        after = read_cursor(page["next"], like=(0, ""))
    assert found == sorted(rows)


@given(rows, st.integers(1, 5))
def test_a_shortlist_never_refuses_a_row_that_belongs_to_the_first_rows(rows: list[Position], size: int) -> None:
    shortlist = Shortlist[Position](size)
    refused = []
    for row in rows:
        if shortlist.accepts(row):
            shortlist.add(row, row)
        else:
            refused.append(row)
    assert shortlist.rows() == sorted(rows)[:size]
    assert not {*refused} & {*sorted(rows)[:size]}


@pytest.mark.parametrize("text", ["", "x", "xyz", "ü", "bnVsbA", write_cursor(("a", 1)), write_cursor((1,)), "W10"])
def test_what_is_no_cursor_of_this_list_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\A" + text):
        read_cursor(text, like=(0, ""))
