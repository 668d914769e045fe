"""Masking takes time in proportion to the text, whatever the text, for all four kinds of patterns."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasker_producer.masking.masker import DEFAULT_PATTERNS, Masker, Pattern
from tests.support.scale import SCALE

CHARACTERS = 20_000
MAX_GROWTH = 2.5
NOISE_S = 0.02  # of the clock and of other processes, for texts that take milliseconds

KINDS: dict[str, tuple[Pattern, ...]] = {
    "names": ("password", "token"),
    "paths": ("credit_card.number", "a.b.c"),
    "expressions": (re.compile("tok", re.IGNORECASE), re.compile(r"card\.number")),
    "functions": (lambda key, value: key == "number" and value == "4111",),
    "default": DEFAULT_PATTERNS,
}
FRAGMENTS = st.sampled_from(
    [
        "number",
        "password",
        "token",
        "credit_card",
        "a",
        "=",
        ":",
        "=>",
        '"',
        "'",
        "\\",
        '\\"',
        "\\'",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        "<",
        ">",
        ",",
        ";",
        "\\n",
        "://",
        "@",
        "u:p@tcp(",
        "eyJ",
        ".",
        "-",
        "--",
        "b'",
        "&",
        "/",
        "1",
        " ",
        "x ",
        "\n",
        "Bearer ",
        "-----BEGIN ",
        "PRIVATE KEY-----",
        "Authorization: ",
        "Cookie: ",
        "('password', ",
        "{'name': 'token', 'value': ",
    ]
)


def seconds(kind: str, text: str) -> float:
    """Processor time of masking a text, the best of three."""
    best = float("inf")
    for _ in range(3):
        masker = Masker(KINDS[kind])
        begin = time.process_time()
        masker.scrub(text)
        best = min(best, time.process_time() - begin)
    return best


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40 * SCALE)
@given(fragments=st.lists(FRAGMENTS, min_size=1, max_size=4), head=st.sampled_from(["", "credit_card ", "{'token': "]))
def test_twice_the_text_takes_no_more_than_two_and_a_half_times_as_long(
    kind: str, fragments: list[str], head: str
) -> None:
    fragment = "".join(fragments)
    single = head + (fragment * CHARACTERS)[:CHARACTERS]
    double = head + (fragment * 2 * CHARACTERS)[: 2 * CHARACTERS]
    assert seconds(kind, double) <= MAX_GROWTH * seconds(kind, single) + NOISE_S
