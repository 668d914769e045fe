"""Topics of one partition are read at one pace, as long as the one behind has more and brings it."""

from faust.types import TP

from tasker_consumers.engine.faust.time_alignment import PATIENCE_S, Pace

A0, B0, C0, A1, B1 = TP("a", 0), TP("b", 0), TP("c", 0), TP("a", 1), TP("b", 1)
ALL = {A0, B0, A1, B1}
MORE, END = True, False


def test_nothing_is_held_back_before_anything_is_known() -> None:
    assert Pace().next(ALL) == ALL


def test_who_is_ahead_waits_for_whoever_has_more_from_before() -> None:
    pace = Pace()
    pace.note(ALL, {A0: (200, MORE), B0: (100, MORE), A1: (300, MORE), B1: (300, MORE)}, 0.1)
    assert pace.next(ALL) == {B0, A1, B1}
    pace.note({B0}, {B0: (250, MORE)}, 0.1)
    assert pace.next(ALL) == {A0, A1, B1}


def test_of_three_only_the_last_is_read() -> None:
    pace = Pace()
    pace.note({A0, B0, C0}, {A0: (200, MORE), B0: (100, MORE), C0: (150, MORE)}, 0.1)
    assert pace.next({A0, B0, C0}) == {B0}


def test_nobody_waits_for_a_topic_that_was_read_to_its_end() -> None:
    pace = Pace()
    pace.note(ALL, {A0: (200, MORE), B0: (100, END)}, 0.1)
    assert pace.next(ALL) == ALL


def test_nobody_waits_for_a_topic_that_is_not_read_now() -> None:
    pace = Pace()
    pace.note(ALL, {A0: (200, MORE), B0: (100, MORE)}, 0.1)
    assert pace.next({A0, A1}) == {A0, A1}


def test_nobody_waits_for_ever_for_a_topic_that_brings_nothing() -> None:
    pace = Pace()
    pace.note({A0, B0}, {A0: (200, MORE), B0: (100, MORE)}, 0.1)
    for _ in range(4):
        assert (pace.next({A0, B0}), pace.is_behind()) == ({B0}, True)
        pace.note({B0}, {}, PATIENCE_S / 4)
    assert pace.next({A0, B0}) == {A0, B0}
    pace.note({A0, B0}, {A0: (400, MORE), B0: (300, MORE)}, 0.1)
    assert pace.next({A0, B0}) == {B0}


def test_a_seek_begins_anew() -> None:
    pace = Pace()
    pace.note(ALL, {A0: (200, MORE), B0: (100, MORE)}, 0.1)
    pace.forget()
    assert pace.next(ALL) == ALL
    assert not pace.has_more(A0)


def test_whether_there_is_more_is_what_the_last_fetch_said() -> None:
    pace = Pace()
    assert not pace.has_more(A0)
    pace.note({A0}, {A0: (200, MORE)}, 0.1)
    assert (pace.has_more(A0), pace.is_behind()) == (True, True)
    pace.note({A0}, {A0: (300, END)}, 0.1)
    assert (pace.has_more(A0), pace.is_behind()) == (False, False)
