"""The environment of a command, read once."""

import os
from collections.abc import Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tasker_consumers.cli.output import complain
from tasker_consumers.settings import ConsumerSettings, unknown_variables
from tasker_schemas.errors import ConfigurationError

BOOTSTRAP = "bootstrap.servers"


def read_settings() -> ConsumerSettings:
    """Return the settings of this process, with a warning for each `TASKER_*` variable that is no setting."""
    for warning in unknown_variables(os.environ):
        complain(f"warning: {warning}")
    settings = ConsumerSettings.from_env(os.environ)
    _try_client(settings.kafka)
    return settings


def _try_client(kafka: Mapping[str, str]) -> None:
    """Let the client look at its settings before anything starts; it connects to nothing for that."""
    try:
        AdminClient({"log_level": 0, **kafka})
    except KafkaException as error:
        raise ConfigurationError(
            f"Kafka's client refuses a KAFKA_* variable: {error.args[0].str()}; expected one of librdkafka's settings "
            f"with a value it allows (CONFIGURATION.md of librdkafka lists them)."
        ) from None


def read_settings_with_kafka() -> ConsumerSettings:
    """Return the settings for a command that needs a Kafka; raises ConfigurationError when none is named."""
    settings = read_settings()
    if not settings.kafka.get(BOOTSTRAP):
        raise ConfigurationError(
            "KAFKA_BOOTSTRAP_SERVERS is not set; expected the Kafka brokers as host:port[,host:port]. "
            "To look around without a Kafka of your own, run `tasker demo`."
        )
    return settings
