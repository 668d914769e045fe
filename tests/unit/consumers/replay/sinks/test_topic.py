"""The targets that a replay refuses."""

import pytest

from tasker_consumers.replay.selection.selection import Selection
from tasker_consumers.replay.sinks.topic import check_target
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family


def test_a_live_topic_is_refused_unless_allowed() -> None:
    steps = Selection(families=frozenset({Family.STEP}))
    with pytest.raises(UsageError, match="read by live consumers; add --allow-live"):
        check_target("tasker.events.step", steps, "tasker", allow_live=False)
    check_target("tasker.events.step", steps, "tasker", allow_live=True)
    check_target("somewhere.else", Selection(), "tasker", allow_live=False)


def test_a_live_topic_takes_only_its_own_records() -> None:
    with pytest.raises(UsageError, match="narrow the selection with --family"):
        check_target("tasker.events.step", Selection(), "tasker", allow_live=True)
