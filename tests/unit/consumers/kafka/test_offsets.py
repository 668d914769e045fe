"""Requests for offsets while partitions have no leader."""

import pytest
from confluent_kafka import KafkaError, KafkaException

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
