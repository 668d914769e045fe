"""Settings are read once, and a wrong one is named with what was expected."""

from pathlib import Path

import pytest

from tasker_producer.masking.masker import DEFAULT_PATTERNS
from tasker_producer.settings import ProducerSettings, kafka_config
from tasker_schemas.errors import ConfigurationError


def test_without_any_variable_all_settings_have_defaults() -> None:
    settings = ProducerSettings.from_env({})
    assert settings == ProducerSettings()
    assert (settings.topic_prefix, settings.service_name, settings.filter_mask) == ("tasker", "tasker", "[FILTERED]")


def test_every_kafka_variable_becomes_a_setting_of_the_client() -> None:
    environ = {"KAFKA_BOOTSTRAP_SERVERS": "a:1", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_LINGER_MS": "", "PATH": "/"}
    assert kafka_config(environ) == {"bootstrap.servers": "a:1", "sasl.mechanism": "PLAIN"}


def test_variables_of_kafkas_images_and_of_kubernetes_are_left_alone() -> None:
    environ = {"KAFKA_PORT": "tcp://10.0.0.1:9092", "KAFKA_SERVICE_HOST": "10.0.0.1", "KAFKA_PORT_9092_TCP": "x"}
    assert kafka_config({**environ, "KAFKA_HEAP_OPTS": "-Xmx1g", "KAFKA_HOME": "/opt/kafka"}) == {}


def test_a_secret_is_read_from_the_file_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("hunter2\n")
    assert kafka_config({"KAFKA_SASL_PASSWORD_FILE": str(tmp_path / "password")}) == {"sasl.password": "hunter2"}


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"KAFKA_SASL_PASSWORD_FILE": "/nowhere"}, "KAFKA_SASL_PASSWORD_FILE=/nowhere cannot be read"),
        ({"KAFKA_ACKS": "all", "KAFKA_ACKS_FILE": "/nowhere"}, "KAFKA_ACKS and KAFKA_ACKS_FILE are both set"),
        ({"TASKER_MAX_RECORD_BYTES": "many"}, "TASKER_MAX_RECORD_BYTES='many' is not a number of at least 4096"),
        ({"TASKER_MAX_RECORD_BYTES": "12"}, "TASKER_MAX_RECORD_BYTES='12'"),
        ({"TASKER_FLUSH_TIMEOUT": "inf"}, "TASKER_FLUSH_TIMEOUT='inf'"),
        ({"TASKER_FILTER_PARAMETERS": "/[/"}, "TASKER_FILTER_PARAMETERS"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(environ: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ProducerSettings.from_env(environ)


def test_filter_settings_replace_the_defaults_as_in_tasker() -> None:
    settings = ProducerSettings.from_env({"TASKER_FILTER_PARAMETERS": "nickname", "TASKER_FILTER_MASK": "***"})
    assert (settings.filter_parameters, settings.filter_mask) == (("nickname",), "***")
    assert ProducerSettings.from_env({}).filter_parameters == DEFAULT_PATTERNS


def test_the_services_opentelemetry_name_is_used_unless_ours_is_given() -> None:
    environ = {"OTEL_SERVICE_NAME": "shop"}
    assert ProducerSettings.from_env(environ).service_name == "shop"
    assert ProducerSettings.from_env({**environ, "TASKER_SERVICE_NAME": "orders"}).service_name == "orders"
