"""Every error code of librdkafka has a verdict: only what lies in the record is final."""

import pytest
from confluent_kafka import KafkaError

from tasker_producer.delivery.error_codes import VERDICTS, verdict_of

CODES = {name: code for name in dir(KafkaError) if isinstance(code := getattr(KafkaError, name), int)}
OUTAGES = [
    "UNKNOWN_TOPIC_OR_PART",
    "_UNKNOWN_TOPIC",
    "_UNKNOWN_PARTITION",
    "TOPIC_AUTHORIZATION_FAILED",
    "CLUSTER_AUTHORIZATION_FAILED",
    "LEADER_NOT_AVAILABLE",
    "NOT_LEADER_FOR_PARTITION",
    "INVALID_TIMESTAMP",
    "THROTTLING_QUOTA_EXCEEDED",
    "_ALL_BROKERS_DOWN",
]
FINAL = ["MSG_SIZE_TOO_LARGE", "INVALID_MSG_SIZE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "TOPIC_EXCEPTION"]


@pytest.mark.parametrize("name", CODES)
def test_every_code_has_a_reason(name: str) -> None:
    assert verdict_of(CODES[name]).why


@pytest.mark.parametrize("name", OUTAGES)
def test_what_lies_with_the_cluster_is_an_outage(name: str) -> None:
    assert verdict_of(CODES[name]).keep


@pytest.mark.parametrize("name", FINAL)
def test_what_lies_in_the_record_is_final(name: str) -> None:
    assert not verdict_of(CODES[name]).keep


def test_no_code_is_in_the_table_twice() -> None:
    assert len(VERDICTS) == len(set(VERDICTS))
    assert sum(not verdict.keep for verdict in VERDICTS.values()) == 10
