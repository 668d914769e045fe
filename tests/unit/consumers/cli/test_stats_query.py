"""The request of `tasker stats`: options that would change nothing are refused."""

import pytest

from tests.support.command_line import run_main


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("42", "--by-minute"), "--by-minute is about sums over many tasks; name them with --name or --step"),
        (("42", "--since", "2h"), "--since and --until is about sums over many tasks; name them with --name or --step"),
        (("--name", "order", "--watch", "--until", "now"), "--watch follows tasks from now on; leave out --since and"),
        (("--name", "order", "--watch", "--by-minute"), "--watch follows tasks from now on; leave out --by-minute"),
        (("--name", "order", "--since", "1h", "--until", "2h"), "--since must be before --until"),
        (("--step", "charge", "--since", "soon"), "--since: 'soon' is no time"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(arguments: tuple[str, ...], line: str) -> None:
    ended = run_main("stats", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"tasker: {line}")
