"""The exceptions around an error, nearest first, with an end."""

from tasker_producer.record.error_chain import error_chain


def test_causes_contexts_and_members_follow_the_error_nearest_first() -> None:
    cause = KeyError("cart")
    cause.__context__ = TimeoutError("gateway")
    error = ExceptionGroup("two failed", [ValueError("declined"), OSError("away")])
    error.__cause__ = cause
    links = error_chain(error, 10).links
    assert [(link["relation"], link["error_message"], link["depth"]) for link in links] == [
        ("cause", "'cart'", 1),
        ("member", "declined", 1),
        ("member", "away", 1),
        ("context", "gateway", 2),
    ]


def test_a_suppressed_context_and_a_chain_that_returns_to_itself_have_an_end() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__context__, first.__suppress_context__ = second, True
    assert error_chain(first, 10).links == []
    first.__cause__, second.__cause__ = second, first
    assert [link["error_message"] for link in error_chain(first, 10).links] == ["second"]
