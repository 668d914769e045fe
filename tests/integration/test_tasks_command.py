"""`tasker tasks`: what failed in the last two hours is one command, with or without workers."""

import json

import pytest

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.kafka.topics import create_topics
from tasker_producer import EventPublisher, ProducerSettings
from tests.support.demo_runs import run_tasker


@pytest.fixture
def variables(kafka: KafkaSource, topic_prefix: str) -> dict[str, str]:
    """The environment of a command, with two orders, of which one failed, and a refund that still runs."""
    connection = {"bootstrap.servers": kafka.bootstrap_servers}
    create_topics(connection, topic_prefix, partitions=2)
    with EventPublisher(ProducerSettings(kafka=connection, topic_prefix=topic_prefix)) as publisher:
        with publisher.task("order", task_id="good") as task, task.step("charge"):
            pass
        with pytest.raises(TimeoutError), publisher.task("order", task_id="bad") as task, task.step("charge"):
            raise TimeoutError("no answer")
        with publisher.task("refund", task_id="open", complete=False):
            pass
    return {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": topic_prefix}


def test_failed_tasks_of_the_last_hours_are_listed_with_their_error(variables: dict[str, str]) -> None:
    ended = run_tasker("tasks", "--status", "error", "--since", "2h", **variables)
    header, row = (line.split("\t") for line in ended.stdout.splitlines())
    values = dict(zip(header, row, strict=True))
    assert (values["task"], values["status"], values["steps"]) == ("bad", "error", "0/1")
    assert values["first error"].endswith("TimeoutError: no answer")
    assert "next: tasker trace bad" in ended.stderr


def test_tasks_come_with_the_latest_first_as_json(variables: dict[str, str]) -> None:
    ended = run_tasker("tasks", "--json", "--limit", "2", **variables)
    assert [json.loads(line)["task_id"] for line in ended.stdout.splitlines()] == ["open", "bad"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--name", "payout"), 1, "no task fits"),
        (("--status", "broken"), 2, "--status is 'broken'; expected one of unknown, pending"),
        (("--since", "soon"), 2, "--since: 'soon' is no time"),
        (("--limit", "0"), 2, "--limit is 0"),
        (("--name", ""), 2, "--name is empty"),
    ],
)
def test_nothing_found_and_wrong_values_are_one_line(
    variables: dict[str, str], arguments: tuple[str, str], code: int, words: str
) -> None:
    ended = run_tasker("tasks", *arguments, **variables)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert words in ended.stderr
