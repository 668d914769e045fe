"""Settings are read once, and a wrong one is named with what was expected."""

from pathlib import Path

import pytest

from tasker_producer.masking.masker import DEFAULT_PATTERNS
from tasker_producer.settings import ProducerSettings, kafka_config
from tasker_producer.testing import RecordingPublisher
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
        ({"KAFKA_SASL_PASSWORD_FILE": "/nowhere"}, "KAFKA_SASL_PASSWORD_FILE is .* expected a readable file"),
        ({"KAFKA_ACKS": "all", "KAFKA_ACKS_FILE": "/nowhere"}, "KAFKA_ACKS and KAFKA_ACKS_FILE are both set"),
        ({"TASKER_MAX_RECORD_BYTES": "many"}, "TASKER_MAX_RECORD_BYTES is 'many'; expected a whole number from 4096"),
        ({"TASKER_MAX_RECORD_BYTES": "12"}, "TASKER_MAX_RECORD_BYTES is '12'"),
        ({"TASKER_FLUSH_TIMEOUT": "inf"}, "TASKER_FLUSH_TIMEOUT is 'inf'"),
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


@pytest.mark.parametrize("blank", ["", " ", ",", " , "])
def test_a_blank_list_of_filters_means_the_default_list(blank: str) -> None:
    assert ProducerSettings.from_env({"TASKER_FILTER_PARAMETERS": blank}).filter_parameters == DEFAULT_PATTERNS


def test_our_own_kafka_variables_win_over_those_of_the_service() -> None:
    environ = {"KAFKA_ACKS": "1", "TASKER_KAFKA_ACKS": "all", "KAFKA_TOPIC": "orders"}
    settings = ProducerSettings.from_env(environ)
    assert settings.kafka == {"acks": "all", "topic": "orders"}
    assert settings.foreign_kafka == {"topic"}


@pytest.mark.parametrize(
    "environ", [{"TASKER_ENABLED": "false"}, {"OTEL_SDK_DISABLED": "true"}, {"TASKER_ENABLED": "off"}]
)
def test_it_can_be_switched_off(environ: dict[str, str]) -> None:
    assert not ProducerSettings.from_env(environ).enabled
    assert ProducerSettings.from_env({}).enabled


def test_a_name_of_the_service_that_is_no_text_is_replaced_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    publisher = RecordingPublisher(ProducerSettings(service_name="caf\udce9"))
    for _ in range(2):
        publisher.publish_event("order.paid")
    assert {event.fields["service"] for event in publisher.events} == {"caf?"}
    assert caplog.messages == ["TASKER_SERVICE_NAME is no text of Unicode: caf? is used"]


def test_a_slash_in_the_name_of_the_service_makes_no_directory(tmp_path: Path) -> None:
    spool = ProducerSettings(service_name="../team/shop", spool_dir=tmp_path).spool()
    assert spool is not None
    assert spool.directory.parent == tmp_path
