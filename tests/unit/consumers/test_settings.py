"""The consumers' settings: what the environment says, and what it says wrong."""

from pathlib import Path

import pytest

from tasker_consumers.settings import ConsumerSettings, unknown_variables
from tasker_schemas.errors import ConfigurationError


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = ConsumerSettings.from_env({})
    assert (settings.topic_prefix, settings.partitions, settings.state_store) == ("tasker", 6, "rocksdb")
    assert settings.kafka == {}


def test_kafka_variables_become_settings_of_the_client() -> None:
    settings = ConsumerSettings.from_env({"KAFKA_BOOTSTRAP_SERVERS": "a:1,b:2", "KAFKA_SECURITY_PROTOCOL": "SSL"})
    assert settings.kafka == {"bootstrap.servers": "a:1,b:2", "security.protocol": "SSL"}


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("TASKER_PARTITIONS", "six", "a whole number from 1 to 10000"),
        ("TASKER_PARTITIONS", "0", "a whole number from 1 to 10000"),
        ("TASKER_STATE_STORE", "redis", "rocksdb or memory"),
        ("TASKER_ABANDONED_AFTER_S", "-1", "a number of seconds above 0"),
        ("TASKER_ABANDONED_AFTER_S", "inf", "a number of seconds above 0"),
        ("TASKER_STATS_RESULTS_S", "0", "a number of seconds above 0"),
        ("TASKER_STATS_METRIC_NAMES", "many", "a whole number from 0 to 100000"),
        ("TASKER_STATS_WINDOW_NAMES", "-1", "a whole number from 0 to 100000"),
        ("TASKER_WEB_PORT", "70000", "a port from 0 (any free one) to 65535"),
        ("TASKER_WEB_URL", "10.0.0.1:8080", "http://host:port, where other workers reach this one"),
        ("TASKER_STATS_URL", "http://", "http://host:port of a stats worker"),
        ("TASKER_LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("KAFKA_SECURITY_PROTOCOL", "SMOKE", "one of PLAINTEXT, SSL"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka:port", "host:port[,host:port]"),
        ("KAFKA_BOOTSTRAP_SERVERS", "a:1 b:2", "host:port[,host:port]"),
        ("TASKER_TOPIC_PREFIX", "my shop", "letters, digits, dots, dashes and underscores"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(variable: str, value: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ConsumerSettings.from_env({variable: value})
    assert str(caught.value).startswith(f"{variable} is {value!r}; expected {expected}")


@pytest.mark.parametrize("servers", ["kafka:9092", "kafka", "[::1]:9092, b:1", "PLAINTEXT://127.0.0.1:9092"])
def test_brokers_are_taken_in_every_form_that_the_client_takes(servers: str) -> None:
    assert ConsumerSettings.from_env({"KAFKA_BOOTSTRAP_SERVERS": servers}).kafka["bootstrap.servers"] == servers


def test_an_empty_variable_counts_as_not_set() -> None:
    assert ConsumerSettings.from_env({"TASKER_PARTITIONS": " "}).partitions == 6


def test_a_value_can_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "prefix"
    file.write_text("shop\n")
    assert ConsumerSettings.from_env({"TASKER_TOPIC_PREFIX_FILE": str(file)}).topic_prefix == "shop"


def test_a_value_and_a_file_of_the_same_setting_are_refused(tmp_path: Path) -> None:
    environ = {"TASKER_TOPIC_PREFIX": "shop", "TASKER_TOPIC_PREFIX_FILE": str(tmp_path / "prefix")}
    with pytest.raises(ConfigurationError, match="TASKER_TOPIC_PREFIX and TASKER_TOPIC_PREFIX_FILE are both set"):
        ConsumerSettings.from_env(environ)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"TASKER_TOPIC_PREFIX_FILE is .*absent.*; expected a readable file"):
        ConsumerSettings.from_env({"TASKER_TOPIC_PREFIX_FILE": str(tmp_path / "absent")})


def test_a_misspelt_variable_is_told_with_the_nearest_name() -> None:
    assert unknown_variables({"TASKER_STATE_DIRR": "x", "TASKER_STATE_DIR": "x", "HOME": "x"}) == [
        "TASKER_STATE_DIRR is not a setting; did you mean TASKER_STATE_DIR?"
    ]


def test_variables_of_the_producer_and_files_are_known() -> None:
    assert unknown_variables({"TASKER_SERVICE_NAME": "x", "TASKER_FILTER_MASK_FILE": "x"}) == []
