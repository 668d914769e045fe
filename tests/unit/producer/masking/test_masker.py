"""Secrets stay home: which names are secret, and how their values leave text."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_producer.masking.masker import DEFAULT_PATTERNS, Decision, Masker, parse_patterns
from tasker_schemas.errors import ConfigurationError

SECRET = "hunter2"


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "Password",
        "user_password",
        "userPassword",
        "API_KEY",
        "apiKey",
        "stripe-api-key",
        "apikey",
        "tokens",
    ],
)
def test_a_name_matches_whole_segments_in_any_spelling(key: str) -> None:
    assert Masker().decide(key) is Decision.HIDE


@pytest.mark.parametrize("key", ["classname", "passenger", "tokenizer", "spinner", "keyboard", "monkey", "api"])
def test_a_name_does_not_match_a_mere_substring(key: str) -> None:
    assert Masker().decide(key) is Decision.SHOW


def test_a_dotted_path_hides_only_below_its_parent() -> None:
    masker = Masker(("credit_card.number",))
    assert masker.hides(("creditCard", "number"), 1)
    assert masker.hides(("credit_card.number",), 1)
    assert not masker.hides(("order", "number"), 1)


def test_a_regular_expression_hides_every_key_it_finds() -> None:
    masker = Masker((re.compile("token", re.IGNORECASE),))
    assert masker.hides(("AccessTokenOfAda",), 1)
    assert not masker.hides(("access",), 1)


def test_a_regular_expression_with_an_escaped_dot_sees_the_whole_path() -> None:
    masker = Masker((re.compile(r"card\.n"),))
    assert masker.hides(("card", "number"), 1)
    assert not masker.hides(("number",), 1)


def test_a_function_decides_by_key_and_value() -> None:
    masker = Masker((lambda key, value: key == "note" and str(value).startswith("4111"),))
    assert masker.hides(("note",), "4111 1111")
    assert not masker.hides(("note",), "leave at the door")


def test_a_function_that_fails_hides_rather_than_shows() -> None:
    assert Masker((lambda _key, _value: bool(1 / 0),)).hides(("note",), "x")


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f"password: {SECRET}",
        f'{{"user": {{"password": "{SECRET}"}}}}',
        f"{{'password': '{SECRET}'}}",
        f"{{'password': b'{SECRET}'}}",
        f'{{\\"password\\": \\"{SECRET}\\"}}',
        f'"password": "a \\" {SECRET}"',
        f'password="{SECRET} and more',
        f"password => {SECRET}",
        f"params[password]={SECRET}",
        f"Authorization: Bearer {SECRET}",
        repr(f"bad\npassword={SECRET}"),
        json.dumps({"log": f"\r\npassword: {SECRET}"}),
        f"\\xffpassword={SECRET}",
        repr(f"\U000efabcpassword={SECRET}"),
        f"password=[['{SECRET}', ['{SECRET}']], '{SECRET}'] and more",
        f"Login(token=Token(']', value={{'a': '{SECRET}'}}), user='ada')",
        f"password=<Token '{SECRET}'>",
        f"password=[1, ['{SECRET}'",
        f"1password={SECRET}",
        f"ćpassword={SECRET}",
        f"https://shop.example/?q=1&api_key={SECRET}&page=2",
        f"postgres://ada:{SECRET}@db/orders",
        f"secrets={{'a': '{SECRET}'}} rest",
        f"token=['{SECRET}', 'x']",
        f'details={{"password": "{SECRET}"}}',
        f'{{"credit_card": {{"number": "{SECRET}"}}}}',
    ],
)
def test_no_shape_of_key_and_value_lets_a_secret_through(text: str) -> None:
    masked = Masker().scrub(text)
    assert SECRET not in masked
    assert "[FILTERED]" in masked


@pytest.mark.parametrize("text", ["at 12:30:01", "https://shop.example/orders?page=2", "number=7", "a = b", "x: y"])
def test_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert Masker().scrub(text) == text


@pytest.mark.parametrize("key", ["\\", "\\" * 600, "\\n", "\\_"])
def test_a_key_of_backslashes_is_no_secret(key: str) -> None:
    assert Masker().decide(key) is Decision.SHOW


@pytest.mark.timeout(20)  # what takes more than time in proportion to the text takes hours here
@pytest.mark.parametrize(
    "text",
    [
        "x",
        "\\",
        "\\x",
        "a:",
        'a="',
        "token=a ",
        "token=[",
        "number: ",
        "number:{",
        'token="',
        "token='\\",
        "\\'token=",
        "a b",
    ],
)
def test_the_longest_text_of_any_shape_is_masked_at_once(text: str) -> None:
    masker = Masker()
    for end in ("", "=", ": x token=[", "token: " + SECRET):
        assert SECRET not in masker.scrub((text * 200_000)[:200_000] + " " + end)


@given(st.text(), st.sampled_from(["password={}", '{{"token": "{}"}}', "api_key: '{}'"]))
def test_a_keyed_secret_is_masked_within_any_text(around: str, shape: str) -> None:
    assert SECRET not in Masker().scrub(around.replace('"', "").replace("'", "") + " " + shape.format(SECRET))


@given(st.text(alphabet="ab=: \"'\\{}[]password", max_size=200))
def test_scrubbing_never_raises_on_any_text(text: str) -> None:
    Masker().scrub(text)


def test_scrubbing_twice_changes_nothing_more() -> None:
    once = Masker().scrub('password=x {"apiKey": "k"}')
    assert Masker().scrub(once) == once


def test_the_mask_may_hold_characters_that_expressions_treat_specially() -> None:
    masker = Masker(DEFAULT_PATTERNS, r"\1***")
    assert masker.scrub("amqp://bob:pw@mq password=x") == r"amqp://bob:\1***@mq password=\1***"


def test_patterns_are_read_from_one_line_of_text() -> None:
    assert parse_patterns("password, credit_card.number, /token/i, ") == (
        "password",
        "credit_card.number",
        re.compile("token", re.IGNORECASE),
    )


def test_a_pattern_that_does_not_compile_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"TASKER_FILTER_PARAMETERS: /\(/"):
        parse_patterns("/(/")


def test_many_different_keys_do_not_fill_the_memory() -> None:
    masker = Masker()
    for number in range(30_000):
        masker.decide(f"key{number}")
    assert len(masker.decisions) <= 10_000
