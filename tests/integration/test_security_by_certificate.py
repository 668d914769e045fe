"""A producer, a worker and tools at a Kafka that lets in who shows a certificate that it knows."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tasker_consumers.kafka.topics import create_topics
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.names import Family
from tasker_schemas.topics import event_topic, stats_topic
from tests.support.demo_runs import TASKER, run_tasker, tasker_environ
from tests.support.kafka.certificates import Authority
from tests.support.processes import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.kafka.mutual_tls import CertifiedKafka

pytest_plugins = ["tests.support.kafka.mutual_tls"]

LIMIT_S = 20.0


@pytest.fixture
def prefix(certified_kafka: CertifiedKafka, topic_prefix: str) -> str:
    """The prefix of topics that exist."""
    create_topics(certified_kafka.superuser, topic_prefix, partitions=2, replication_factor=1)
    return topic_prefix


def publish_a_task(variables: dict[str, str], prefix: str, patience_s: float) -> dict[str, int]:
    told = {"TASKER_TOPIC_PREFIX": prefix, "TASKER_SPOOL_MAX_BYTES": "0", "TASKER_FLUSH_ON_SIGTERM": "no"}
    publisher = EventPublisher(ProducerSettings.from_env({**variables, **told}))
    with publisher.task("order", task_id="42") as task, task.step("pay", step_id="s1"):
        pass
    publisher.close(patience_s)
    return publisher.stats()


def test_a_producers_certificate_is_its_login_and_its_name_in_the_acls(
    certified_kafka: CertifiedKafka, prefix: str
) -> None:
    counts = publish_a_task(certified_kafka.let_in("tasker-producer", prefix), prefix, LIMIT_S)
    assert (counts["delivered"], counts["dropped"]) == (5, 0)
    assert len(certified_kafka.records(event_topic(Family.TASK, prefix))) == 3


@pytest.mark.parametrize("shown", ["nothing", "a stranger's"])
def test_a_producer_without_the_right_certificate_says_why_once(
    certified_kafka: CertifiedKafka, prefix: str, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    variables = wrong_certificate(certified_kafka, shown)
    counts = publish_a_task(variables, prefix, 2.0)
    assert (counts["dropped_closed"], counts["delivered"]) == (5, 0)
    assert len([line for line in caplog.messages if "SSL alert number" in line]) == 1, caplog.text


def wrong_certificate(kafka: CertifiedKafka, shown: str) -> dict[str, str]:
    """Return the environment of somebody whom the node does not know."""
    if shown == "nothing":
        return kafka.link()
    return {**kafka.link(), **kafka.shown("stranger", Authority.new("somebody else"), "tasker-producer")}


def test_a_worker_logs_in_by_its_certificate_and_makes_the_statistics(
    certified_kafka: CertifiedKafka, prefix: str, tmp_path: Path
) -> None:
    publish_a_task(certified_kafka.let_in("tasker-producer", prefix), prefix, LIMIT_S)
    own = {"TASKER_TOPIC_PREFIX": prefix, "TASKER_STATE_DIR": str(tmp_path), "TASKER_REPLICATION_FACTOR": "1"}
    environ = tasker_environ(**certified_kafka.let_in("tasker-stats", prefix), **own)
    with (tmp_path / "log").open("wb") as out:
        worker = subprocess.Popen([*TASKER, "run", "stats"], env=environ, stdout=out, stderr=out)
    try:
        assert eventually(lambda: finished(certified_kafka, prefix)), (tmp_path / "log").read_text()
    finally:
        worker.terminate()
        assert worker.wait(LIMIT_S) == 0


def finished(kafka: CertifiedKafka, prefix: str) -> bool:
    records = kafka.records(stats_topic(prefix))
    return any(Decoder().decode("TaskStats", record.value)["status"] == "complete" for record in records)


def test_tools_and_workers_without_the_right_certificate_end_with_one_line(certified_kafka: CertifiedKafka) -> None:
    for command, shown in ((("run", "stats"), "nothing"), (("topics", "list"), "a stranger's")):
        ended = run_tasker(*command, **wrong_certificate(certified_kafka, shown))
        assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended.stderr
        assert "turns us away" in ended.stderr
        assert "KAFKA_SSL_CERTIFICATE_LOCATION" in ended.stderr
