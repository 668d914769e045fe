"""Names of a replay's target, and of a replay."""

import pytest

from tasker_consumers.replay.sinks.target_names import check_replay_id, check_topic_name, new_replay_id
from tasker_schemas.errors import UsageError


@pytest.mark.parametrize("name", ["", ".", "..", "two words", "a/b", "größe", "t" * 250])
def test_a_name_that_no_topic_can_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"--to is .*; expected a topic's name"):
        check_topic_name("--to", name)


@pytest.mark.parametrize("name", ["copies", "a.b-c_d", "...", "t" * 249])
def test_every_other_name_is_taken(name: str) -> None:
    check_topic_name("--to", name)


def test_only_an_id_that_a_replay_printed_can_be_resumed() -> None:
    check_replay_id(new_replay_id())
    with pytest.raises(UsageError, match="--resume is 'yesterday'; expected the id"):
        check_replay_id("yesterday")
