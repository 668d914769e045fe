"""Settings end up in logs and in crash reports: what they hold of Kafka's passwords must not."""

import pytest

from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.settings import ConsumerSettings
from tasker_producer import ProducerSettings

ENVIRON = {"KAFKA_BOOTSTRAP_SERVERS": "kafka:9093", "KAFKA_SASL_PASSWORD": "hunter2"}


@pytest.mark.parametrize(
    "settings",
    [
        ProducerSettings.from_env(ENVIRON),
        ConsumerSettings.from_env(ENVIRON),
        EngineSettings(kafka={"bootstrap.servers": "kafka:9093", "sasl.password": "hunter2"}),
    ],
    ids=lambda settings: type(settings).__name__,
)
def test_settings_that_are_printed_show_no_password(settings: object) -> None:
    assert "hunter2" not in f"{settings!r} {settings}"
