"""`tasker show` and `tasker tail` on a real broker."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tasker_consumers.embedded import KafkaSource
from tests.support.demo_runs import TASKER, run_tasker, tasker_environ
from tests.support.kafka.event_topics import EventTopics
from tests.support.processes import LIMIT_S


@pytest.fixture
def topics(kafka: KafkaSource, topic_prefix: str) -> EventTopics:
    return EventTopics(kafka.bootstrap_servers, topic_prefix, 1, "LogAppendTime")


@pytest.fixture
def variables(topics: EventTopics) -> dict[str, str]:
    return {"KAFKA_BOOTSTRAP_SERVERS": topics.kafka["bootstrap.servers"], "TASKER_TOPIC_PREFIX": topics.prefix}


def test_a_record_is_shown_by_its_position(topics: EventTopics, variables: dict[str, str]) -> None:
    topics.produce("42", range(3))
    shown = run_tasker("show", "step/0:1", **variables)
    assert shown.returncode == 0, shown.stderr
    assert f"{topics.prefix}.events.step/0/1" in shown.stdout
    document = json.loads(run_tasker("show", "0:1", "--json", **variables).stdout)
    assert (document["offset"], document["key"]) == (1, "42")


@pytest.mark.parametrize(
    ("position", "code", "words"),
    [
        ("step/0:99", 1, "no record lies at step/0:99"),
        ("step/7:0", 1, "no record lies at step/7:0"),
        ("nowhere/0:0", 2, "there is no topic nowhere"),
        ("soon", 2, "'soon' is no position"),
    ],
)
def test_a_position_without_a_record_is_named(variables: dict[str, str], position: str, code: int, words: str) -> None:
    ended = run_tasker("show", position, **variables)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert words in ended.stderr


@pytest.fixture
def following(variables: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    command = [*TASKER, "tail", "--since", "1h", "--task", "42", "--limit", "4"]
    with subprocess.Popen(command, env=tasker_environ(**variables), stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_events_are_followed_as_they_arrive(topics: EventTopics, following: "subprocess.Popen[str]") -> None:
    assert following.stdout is not None
    topics.produce("42", range(3))
    lines = [following.stdout.readline() for _ in range(3)]
    topics.produce("43", range(3))
    topics.produce("42", range(3, 4))
    lines.append(following.stdout.readline())
    assert following.wait(LIMIT_S) == 0
    assert all("step.completed" in line and " 42" in line for line in lines)
