"""The one reader of environment variables: the same rules and messages for every variable."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas import environment as env
from tasker_schemas.errors import ConfigurationError

NAME = "TASKER_EXAMPLE"


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_a_blank_value_counts_as_not_set(blank: str) -> None:
    environ = {NAME: blank, f"{NAME}_FILE": blank}
    assert env.text(environ, NAME) is None
    assert env.flag(environ, NAME, default=True) is True
    assert env.whole_number(environ, NAME, 6, minimum=1, maximum=9) == 6
    assert env.number(environ, NAME, 0.5, minimum=0) == 0.5
    assert env.duration(environ, NAME, 9.0) == 9.0
    assert env.choice(environ, NAME, ["a", "b"], "b") == "b"
    assert env.variables_with_prefix(environ, "TASKER_") == {}


def test_a_file_holds_the_value_without_the_line_end(tmp_path: Path) -> None:
    (tmp_path / "value").write_text("12\n")
    environ = {f"{NAME}_FILE": str(tmp_path / "value")}
    assert env.text(environ, NAME) == "12"
    assert env.whole_number(environ, NAME, 6, minimum=1, maximum=20) == 12
    assert env.variables_with_prefix(environ, "TASKER_") == {NAME: "12"}


def test_a_variable_beside_its_file_is_refused_by_every_reader(tmp_path: Path) -> None:
    environ = {NAME: "1", f"{NAME}_FILE": str(tmp_path / "value")}
    for read in (
        lambda: env.text(environ, NAME),
        lambda: env.flag(environ, NAME, default=True),
        lambda: env.whole_number(environ, NAME, 6, minimum=1, maximum=9),
        lambda: env.duration(environ, NAME, 9.0),
        lambda: env.choice(environ, NAME, ["1"], "1"),
        lambda: env.variables_with_prefix(environ, "TASKER_"),
    ):
        with pytest.raises(ConfigurationError, match=f"{NAME} and {NAME}_FILE are both set"):
            read()


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * (1 << 20) + b"xx"], ids=["missing", "bytes", "huge"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "value"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"{NAME}_FILE is '.*value'; expected a readable file"):
        env.text({f"{NAME}_FILE": str(path)}, NAME)


def test_a_path_with_a_nul_character_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected a readable file"):
        env.text({f"{NAME}_FILE": "a\0b"}, NAME)


@pytest.mark.parametrize("text", ["true", "TRUE", "On", "yes", "YES", "1", " on "])
def test_a_flag_is_on_in_any_spelling(text: str) -> None:
    assert env.flag({NAME: text}, NAME, default=False) is True


@pytest.mark.parametrize("text", ["false", "False", "OFF", "no", "No", "0"])
def test_a_flag_is_off_in_any_spelling(text: str) -> None:
    assert env.flag({NAME: text}, NAME, default=True) is False


@pytest.mark.parametrize("text", ["maybe", "2", "y", "tru"])
def test_a_flag_with_another_text_is_refused(text: str) -> None:
    expected = f"{NAME} is '{text}'; expected true or false, on or off, yes or no, 1 or 0."
    with pytest.raises(ConfigurationError) as refused:
        env.flag({NAME: text}, NAME, default=True)
    assert str(refused.value) == expected


@pytest.mark.parametrize("text", ["0", "10001", "-5", "1.5", "1_000", "0x10", "٣", "1e3", "nan", "9" * 5000, "six"])
def test_a_whole_number_outside_of_its_bounds_or_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"expected a whole number of bytes from 1 to 10000\."):
        env.whole_number({NAME: text}, NAME, 6, minimum=1, maximum=10_000, unit="bytes")


@pytest.mark.parametrize("text", ["inf", "nan", "-1", "1e999", "1_0", "0,5", "infinity", "٣"])
def test_a_number_that_is_not_finite_or_below_its_bound_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"expected a number of seconds of at least 0\."):
        env.number({NAME: text}, NAME, 6.0, minimum=0, unit="seconds")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("0.5", 0.5), ("500ms", 0.5), ("90s", 90), ("15 m", 900), ("2h", 7200), ("7d", 604_800)],
)
def test_a_time_span_is_read_with_and_without_a_unit(text: str, seconds: float) -> None:
    assert env.duration({NAME: text}, NAME, 1.0) == seconds


@pytest.mark.parametrize("text", ["-1", "1w", "1h30m", "s", "inf", "0.05", "2d"])
def test_a_time_span_outside_of_its_bounds_or_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"expected a number of seconds from 0\.1 to 86400, or a time span"):
        env.duration({NAME: text}, NAME, 1.0, minimum=0.1, maximum=86_400.0)


def test_a_choice_ignores_case_and_a_wrong_one_gets_a_suggestion() -> None:
    options = ("rocksdb", "memory")
    assert env.choice({NAME: "RocksDB"}, NAME, options, "memory") == "rocksdb"
    with pytest.raises(ConfigurationError) as refused:
        env.choice({NAME: "rockdb"}, NAME, options, "memory")
    assert str(refused.value) == f"{NAME} is 'rockdb'; expected one of rocksdb, memory; did you mean rocksdb?"


@pytest.mark.parametrize("name", ["KAFKA_SASL_PASSWORD", "TASKER_API_TOKEN", "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO"])
def test_the_value_of_a_secret_is_never_shown(name: str) -> None:
    assert "hunter2" not in str(env.refusal(name, "hunter2", "another"))
    with pytest.raises(ConfigurationError) as refused:
        env.text({f"{name}_FILE": "hunter2"}, name)
    assert "hunter2" not in str(refused.value)
    assert name in str(refused.value)


@pytest.mark.parametrize("url", ["http://a:hunter2@h:port", "a:hunter2@h", "https://a:hun,ter2@h", "//a:x hunter2@h"])
def test_a_login_inside_an_address_is_never_shown(url: str) -> None:
    assert "unter2" not in (message := str(env.refusal(NAME, url, "another")))
    assert "'***@h" in message


def test_a_long_value_is_shortened_in_the_message() -> None:
    assert len(str(env.refusal(NAME, "x" * 100_000, "another"))) < 200


def test_a_misspelt_variable_gets_the_name_that_was_likely_meant() -> None:
    environ = {"TASKER_SERVICENAME": "a", "TASKER_ZZZ": "b", "TASKER_SERVICE_NAME_FILE": "c", "OTHER": "d"}
    assert env.unknown_variables(environ, ["TASKER_SERVICE_NAME"]) == [
        "TASKER_SERVICENAME is not a setting; did you mean TASKER_SERVICE_NAME?",
        "TASKER_ZZZ is not a setting.",
    ]


@given(st.text())
def test_every_text_is_a_value_or_a_configuration_error(text: str) -> None:
    environ = {NAME: text}
    for read in (
        lambda: env.flag(environ, NAME, default=True),
        lambda: env.whole_number(environ, NAME, 6, minimum=1, maximum=9),
        lambda: env.number(environ, NAME, 6.0, minimum=1),
        lambda: env.duration(environ, NAME, 6.0),
    ):
        try:
            assert math.isfinite(read())
        except ConfigurationError as error:
            assert NAME in str(error)  # noqa: PT017
