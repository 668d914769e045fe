"""Watches of a running worker, with the clock handed in."""

import logging

import pytest

from tasker_consumers.engine.flow.writer import DeadLetterTopic
from tasker_consumers.engine.preflight import Topology
from tasker_consumers.engine.watch import deleted_topics, remade_topics, topology_change
from tasker_consumers.kafka.broker_silence import BrokerSilence
from tasker_schemas.errors import BackendUnavailable

LETTERS = DeadLetterTopic(name="t.dlq", partitions=3, max_bytes=1)
TOPOLOGY = Topology(3, LETTERS, {"t.a": 3, "t.b": 3}, ids={"t.a": "one", "t.b": "two"})


def test_a_broker_that_is_away_is_told_once_in_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    now = 100.0
    silence = BrokerSilence(120.0, lambda: now)
    with caplog.at_level(logging.INFO):
        for age in range(36):
            now = 100.0 + age
            silence.observe(float(age))
        silence.observe(0.5)
    assert caplog.messages == [
        "No broker for 11 s, giving up in 109 s",
        "No broker for 21 s, giving up in 99 s",
        "No broker for 31 s, giving up in 89 s",
        "The broker answers again",
    ]


def test_a_broker_that_is_away_for_too_long_ends_the_worker() -> None:
    with pytest.raises(BackendUnavailable, match="no broker has answered for 120 s: giving up"):
        BrokerSilence(120.0).observe(120.5)


def test_a_broker_that_answers_others_is_not_called_away(caplog: pytest.LogCaptureFixture) -> None:
    now = 100.0
    silence = BrokerSilence(120.0, lambda: now)
    with caplog.at_level(logging.INFO):
        silence.observe(11.0, answers_others=True)
        silence.observe(0.5)
    assert caplog.messages == ["No answer of the group for 11 s, giving up in 109 s", "The group answers again"]
    with pytest.raises(BackendUnavailable, match="the group has not answered for 120 s: giving up"):
        silence.observe(120.5, answers_others=True)


def test_a_process_that_was_stopped_has_not_waited_for_an_answer_meanwhile() -> None:
    now = 100.0
    silence = BrokerSilence(120.0, lambda: now)
    silence.observe(1.0)
    now += 3600.0
    silence.observe(3601.0)
    for second in range(1, 117):
        now += 1.0
        silence.observe(3601.0 + second)
    now += 3.0
    with pytest.raises(BackendUnavailable):
        silence.observe(3601.0 + 119)


@pytest.mark.parametrize("counts", [{"t.a": 3, "t.b": 3, "other": 9}, {"t.a": 3}, {}])
def test_topics_that_are_as_they_were_or_not_known_are_no_change(counts: dict[str, int]) -> None:
    assert topology_change(TOPOLOGY, counts) is None


def test_partitions_that_were_added_are_named_with_the_way_on() -> None:
    change = topology_change(TOPOLOGY, {"t.a": 6, "t.b": 3})
    assert change is not None
    assert "t.a has 6 partitions, not 3" in change
    assert "tasker topics grow" in change


def test_a_topic_that_was_made_again_is_named_with_the_way_on() -> None:
    change = remade_topics(TOPOLOGY, {"t.a": "one", "t.b": "three"})
    assert change is not None
    assert change.startswith("deleted and made again under this worker: t.b. ")
    assert "tasker topics reset" in change


def test_topics_that_are_gone_are_named_with_the_way_on() -> None:
    gone = deleted_topics(["t.b"])
    assert gone is not None
    assert gone.startswith("deleted under this worker, or hidden from it: t.b. ")
    assert deleted_topics([]) is None


@pytest.mark.parametrize("ids", [{"t.a": "one", "t.b": "two"}, {"t.a": "one"}, {}])
def test_topics_that_are_the_same_or_not_described_were_not_made_again(ids: dict[str, str]) -> None:
    assert remade_topics(TOPOLOGY, ids) is None
