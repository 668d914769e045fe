"""Requests for offsets while partitions have no leader."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from tasker_consumers.kafka import offsets
from tasker_consumers.kafka.offsets import retry_while_electing


class Request:
    """A request that fails with each of these errors before it succeeds."""

    def __init__(self, *errors: int) -> None:
        self.left = list(errors)

    def __call__(self) -> str:
        if self.left:
            raise KafkaException(KafkaError(self.left.pop(0)))
        return "offsets"


def test_a_request_is_repeated_while_leaders_are_elected() -> None:
    request = Request(KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError._NOENT, KafkaError.LEADER_NOT_AVAILABLE)
    assert retry_while_electing(request) == "offsets"


def test_another_error_is_raised_at_once() -> None:
    request = Request(KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.NOT_COORDINATOR)
    with pytest.raises(KafkaException):
        retry_while_electing(request)
    assert len(request.left) == 1


class SlowClock:
    """Time in which each look at the clock, and so each request, takes so many seconds."""

    def __init__(self, step_s: float) -> None:
        self.now, self.step_s = 0.0, step_s

    def monotonic(self) -> float:
        self.now += self.step_s
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_request_whose_first_answer_takes_all_the_time_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offsets, "time", SlowClock(11.0))
    assert retry_while_electing(Request(KafkaError._UNKNOWN_PARTITION)) == "offsets"


def test_a_request_is_not_repeated_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offsets, "time", SlowClock(11.0))
    request = Request(*[KafkaError.LEADER_NOT_AVAILABLE] * 5)
    with pytest.raises(KafkaException):
        retry_while_electing(request)
    assert len(request.left) == 3
