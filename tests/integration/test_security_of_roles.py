"""Each documented role on a Kafka with TLS, SASL and ACLs: it does its work, and may do nothing else."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.kafka.groups import committed_offsets, describe_group, end_offsets
from tasker_consumers.kafka.topics import create_topics
from tasker_producer import EventPublisher, ProducerSettings
from tasker_producer.settings import kafka_config
from tasker_schemas.topics import all_topics, event_topics
from tests.support.demo_runs import LIMIT_S, TASKER, run_tasker, tasker_environ
from tests.support.kafka.topics import make_topic
from tests.support.kubernetes.strimzi import roles
from tests.support.processes import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.kafka.secured import SecuredKafka

PARTITIONS = 2
READ, WRITE = frozenset({"READ", "DESCRIBE"}), frozenset({"WRITE", "DESCRIBE"})
STATES = READ | WRITE | {"CREATE"}
LOOK = frozenset({"DESCRIBE"})
EVENTS, READERS = r"\.events\..+", "tasker-(replay|stats-reader)"
#: What each role may do with topics and with groups, by patterns of their names behind the prefix.
MAY: dict[str, tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]] = {
    "tasker-producer": ({EVENTS: WRITE}, {}),
    "tasker-stats": (
        {EVENTS: READ, "-stats-states-changelog": STATES, r"\.stats\..+|\.dlq\.stats": WRITE},
        {"-stats": READ},
    ),
    "tasker-telemetry": (
        {EVENTS: READ, "-telemetry-states-changelog": STATES, r"\.dlq\.telemetry": WRITE},
        {"-telemetry": READ},
    ),
    "tasker-store": (
        {EVENTS + r"|\.stats\.task|\.dlq\.(stats|telemetry)": READ, r"\.dlq\.store": READ | WRITE},
        {"-store": READ},
    ),
    "tasker-tools": ({EVENTS + r"|\.stats\..+": READ}, {READERS: LOOK}),
    "tasker-web": ({EVENTS + r"|\.stats\..+|\.dlq\..+": READ}, {READERS + "|-(stats|telemetry|store)": LOOK}),
    "tasker-topics": ({r"\..+": LOOK | {"CREATE", "DESCRIBE_CONFIGS"}}, {}),
    "tasker-keda": ({EVENTS: LOOK}, {"-(stats|telemetry)": LOOK}),
}
#: Why a broker does not even describe.
HIDDEN = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}


@pytest.fixture(scope="module")
def prefix(secured_kafka: SecuredKafka) -> str:
    """The prefix of topics that all of these tests share, with the changelogs of the groups."""
    prefix = "roles"
    create_topics(secured_kafka.superuser, prefix, partitions=PARTITIONS, replication_factor=1)
    for group in ("stats", "telemetry"):
        make_topic(secured_kafka.admin, f"{prefix}-{group}-states-changelog", PARTITIONS)
    return prefix


def allowed(describe: Callable[[], Any]) -> frozenset[str]:
    """The names of the operations that a broker allows with what it describes; none where it hides it."""
    try:
        description = describe()
    except KafkaException as error:
        if error.args[0].code() not in HIDDEN:
            raise
        return frozenset()
    return frozenset(operation.name for operation in description.authorized_operations or ())


def expected(told: dict[str, frozenset[str]], prefix: str, names: list[str]) -> dict[str, frozenset[str]]:
    """What each of these names is allowed by the table above."""

    def right(name: str) -> frozenset[str]:
        behind = name.removeprefix(prefix)
        return next((may for pattern, may in told.items() if re.fullmatch(pattern, behind)), frozenset())

    return {name: right(name) for name in names}


def test_the_table_has_every_role_of_the_documentation() -> None:
    assert set(MAY) == set(roles())


@pytest.mark.parametrize("role", MAY)
def test_a_role_may_do_what_it_needs_and_nothing_else(secured_kafka: SecuredKafka, prefix: str, role: str) -> None:
    admin = AdminClient(kafka_config(secured_kafka.let_in(role, prefix)))
    topics = [topic.name for topic in all_topics(prefix)]
    topics += [f"{prefix}-{group}-states-changelog" for group in ("stats", "telemetry")]
    groups = [f"{prefix}-{group}" for group in ("stats", "telemetry", "store")] + [
        "tasker-replay",
        "tasker-stats-reader",
    ]
    may_topics, may_groups = MAY[role]
    described = admin.describe_topics(TopicCollection(topics), include_authorized_operations=True)
    assert {name: allowed(future.result) for name, future in described.items()} == expected(may_topics, prefix, topics)
    assert {group: allowed(partial(describe_group, admin, group, with_rights=True)) for group in groups} == expected(
        may_groups, prefix, groups
    )
    assert allowed(admin.describe_cluster(include_authorized_operations=True).result) == frozenset()
    with pytest.raises(KafkaException, match="AUTHORIZATION_FAILED"):
        admin.create_topics([NewTopic("of-somebody-else", 1, 1)])["of-somebody-else"].result(LIMIT_S)
    with pytest.raises(KafkaException, match="AUTHORIZATION_FAILED"):
        admin.delete_topics(topics[:1])[topics[0]].result(LIMIT_S)


def test_the_topics_are_made_with_the_documented_rights(secured_kafka: SecuredKafka, topic_prefix: str) -> None:
    login = secured_kafka.let_in("tasker-topics", topic_prefix)
    own = {"TASKER_TOPIC_PREFIX": topic_prefix, "TASKER_REPLICATION_FACTOR": "1", "TASKER_PARTITIONS": "2"}
    made = run_tasker("topics", "create", **login, **own)
    assert (made.returncode, made.stderr) == (0, "")
    known = secured_kafka.admin.list_topics(timeout=LIMIT_S).topics
    assert {topic.name for topic in all_topics(topic_prefix)} <= known.keys()


def test_rows_are_stored_with_the_documented_rights(secured_kafka: SecuredKafka, prefix: str, tmp_path: Path) -> None:
    log, database = tmp_path / "worker.log", tmp_path / "store.db"
    producing = secured_kafka.let_in("tasker-producer", prefix)
    publish_a_failure(producing, prefix)
    login = secured_kafka.let_in("tasker-store", prefix)
    own = {
        "TASKER_TOPIC_PREFIX": prefix,
        "TASKER_STATE_DIR": str(tmp_path),
        "TASKER_STORE_URL": f"sqlite:///{database}",
    }
    with log.open("wb") as out:
        environ = tasker_environ(**login, **own)
        worker = subprocess.Popen([*TASKER, "run", "store"], env=environ, stdout=out, stderr=out)
        try:
            assert eventually(lambda: failures(database) == 1), log.read_text()
            worker.terminate()
            assert worker.wait(LIMIT_S) == 0, log.read_text()
        finally:
            worker.kill()
            worker.wait()
    assert secured_kafka.secret not in log.read_text()


def publish_a_failure(login: dict[str, str], prefix: str) -> None:
    """Events of a task that failed."""
    settings = ProducerSettings.from_env({**login, "TASKER_TOPIC_PREFIX": prefix, "TASKER_SPOOL_MAX_BYTES": "0"})
    with EventPublisher(settings) as publisher:
        with suppress(ValueError), publisher.task("order", task_id="42") as task, task.step("pay", step_id="s1"):
            raise ValueError
        assert publisher.flush(20) == 0


def failures(database: Path) -> int:
    """The failures that the store has, 0 before it has its tables."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            return int(connection.execute("SELECT count(*) FROM failed_attempts").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_keda_sees_the_lag_of_a_group_with_the_documented_rights(secured_kafka: SecuredKafka, prefix: str) -> None:
    admin = AdminClient(kafka_config(secured_kafka.let_in("tasker-keda", prefix)))
    assert committed_offsets(admin, describe_group(admin, f"{prefix}-stats")) == []
    partitions = [(topic, number) for topic in event_topics(prefix) for number in range(PARTITIONS)]
    assert set(end_offsets(admin, partitions)) == set(partitions)
