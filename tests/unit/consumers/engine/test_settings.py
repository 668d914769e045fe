"""Settings that cannot work are refused with what was expected."""

from typing import Any

import pytest

from tasker_consumers.engine.settings import EngineSettings
from tasker_schemas.errors import ConfigurationError

KAFKA = {"bootstrap.servers": "localhost:9092"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kafka": {}}, "bootstrap.servers is not set"),
        ({"store": "tape"}, "store is 'tape'; expected rocksdb or memory"),
        ({"web_port": 70_000}, "web_port is 70000; expected 0 to 65535"),
        ({"commit_interval": 0}, "commit_interval is 0; expected a number above 0"),
        ({"batch_size": -1}, "batch_size is -1"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_by_name(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        EngineSettings(**{"kafka": KAFKA, **wrong})


def test_a_session_has_room_for_several_heartbeats() -> None:
    settings = EngineSettings(kafka=KAFKA, session_timeout=6)
    assert settings.heartbeat_interval * 3 < settings.session_timeout


def test_a_long_session_does_not_delay_the_news_of_a_rebalance() -> None:
    assert EngineSettings(kafka=KAFKA, session_timeout=45).heartbeat_interval <= 3
