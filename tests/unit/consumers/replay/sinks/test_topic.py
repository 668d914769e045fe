"""The marks of a replay, and the targets that it refuses."""

import pytest

from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.replay.sinks.topic import check_target, stamped
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family
from tests.support.replay_records import a_record


def test_a_replayed_record_says_where_it_first_came_from() -> None:
    first = a_record(headers=(("ce_type", b"step.failed"),))
    once = stamped(first, "first")
    again = stamped(a_record(topic="copy", headers=tuple(once)), "second")
    assert dict(once) == {
        "ce_type": b"step.failed",
        "tasker-origin": b"tasker.events.step/1/7",
        "tasker-replay": b"first",
    }
    assert dict(again) == dict(once) | {"tasker-replay": b"second"}


def test_a_live_topic_is_refused_unless_allowed() -> None:
    steps = Selection(families=frozenset({Family.STEP}))
    with pytest.raises(UsageError, match="read by live consumers; add --allow-live"):
        check_target("tasker.events.step", steps, "tasker", allow_live=False)
    check_target("tasker.events.step", steps, "tasker", allow_live=True)
    check_target("somewhere.else", Selection(), "tasker", allow_live=False)


def test_a_live_topic_takes_only_its_own_records() -> None:
    with pytest.raises(UsageError, match="narrow the selection with --family"):
        check_target("tasker.events.step", Selection(), "tasker", allow_live=True)
