"""Workers and tools on a Kafka with TLS, SASL and ACLs, with no more rights than the documentation gives them."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tasker_consumers.engine.preflight import CHANGELOG_CONFIG, changelog_topic
from tasker_consumers.kafka.topics import create_topics
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.topics import stats_topic
from tests.support.demo_runs import LIMIT_S, TASKER, run_tasker, tasker_environ
from tests.support.kafka.topics import make_topic
from tests.support.processes import eventually
from tests.support.web_process import web_process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.support.kafka.secured import SecuredKafka

COMMANDS = (("run", "stats"), ("run", "telemetry"), ("topics", "list"), ("trace", "42"))


@pytest.fixture
def prefix(secured_kafka: SecuredKafka, topic_prefix: str) -> str:
    """The prefix of topics that hold the events of one finished task."""
    create_topics(secured_kafka.superuser, topic_prefix, partitions=2, replication_factor=1)
    told = {**secured_kafka.let_in("tasker-producer", topic_prefix), "TASKER_TOPIC_PREFIX": topic_prefix}
    with EventPublisher(ProducerSettings.from_env({**told, "TASKER_SPOOL_MAX_BYTES": "0"})) as publisher:
        with publisher.task("order", task_id="42") as task, task.step("pay", step_id="s1"):
            pass
        assert publisher.flush(20) == 0
    return topic_prefix


@contextmanager
def worker(kind: str, log: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen([*TASKER, "run", kind], env=tasker_environ(**variables), stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def run_at_once(commands: Iterable[tuple[str, ...]], environ: dict[str, str]) -> dict[tuple[str, ...], tuple[str, int]]:
    """What each command tells on standard error, and its exit code: each waits its seconds for the broker."""
    running = {
        command: subprocess.Popen([*TASKER, *command], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for command in commands
    }
    return {
        command: (process.communicate(timeout=LIMIT_S)[1].decode(), process.returncode)
        for command, process in running.items()
    }


def settings_of(secured_kafka: SecuredKafka, role: str, prefix: str, directory: Path) -> dict[str, str]:
    state = {"TASKER_STATE_DIR": str(directory / "state"), "TASKER_REPLICATION_FACTOR": "1"}
    return {**secured_kafka.let_in(role, prefix), "TASKER_TOPIC_PREFIX": prefix, **state}


def finished(secured_kafka: SecuredKafka, prefix: str) -> bool:
    records = secured_kafka.records(stats_topic(prefix))
    return any(Decoder().decode("TaskStats", record.value)["status"] == "complete" for record in records)


def test_the_statistics_are_made_with_the_documented_rights(
    secured_kafka: SecuredKafka, prefix: str, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    variables = settings_of(secured_kafka, "tasker-stats", prefix, tmp_path)
    with worker("stats", log, **variables) as process:
        assert eventually(lambda: finished(secured_kafka, prefix)), log.read_text()
        process.terminate()
        assert process.wait(LIMIT_S) == 0, log.read_text()
    assert secured_kafka.secret not in log.read_text()
    for what in (("42",), ("--name", "order")):
        shown = run_tasker("stats", *what, **secured_kafka.let_in("tasker-tools", prefix), TASKER_TOPIC_PREFIX=prefix)
        assert (shown.returncode, shown.stderr) == (0, "")


def test_a_changelog_that_is_there_needs_no_right_to_make_topics(
    secured_kafka: SecuredKafka, prefix: str, tmp_path: Path
) -> None:
    log, changelog = tmp_path / "worker.log", changelog_topic(f"{prefix}-stats")
    make_topic(secured_kafka.admin, changelog, 2, CHANGELOG_CONFIG)
    variables = settings_of(secured_kafka, "tasker-stats", prefix, tmp_path)
    secured_kafka.forbid_making_topics(variables["KAFKA_SASL_USERNAME"])
    with worker("stats", log, **variables):
        assert eventually(lambda: finished(secured_kafka, prefix)), log.read_text()


def test_the_spans_are_made_with_the_documented_rights(
    secured_kafka: SecuredKafka, prefix: str, tmp_path: Path
) -> None:
    log, spans = tmp_path / "worker.log", tmp_path / "spans.jsonl"
    variables = settings_of(secured_kafka, "tasker-telemetry", prefix, tmp_path)
    with worker("telemetry", log, **variables, TASKER_TELEMETRY_FILE=str(spans)) as process:
        assert eventually(lambda: spans.exists() and spans.read_text().count("\n") >= 3), log.read_text()
        process.terminate()
        assert process.wait(LIMIT_S) == 0, log.read_text()
    assert secured_kafka.secret not in log.read_text()


def test_a_task_is_shown_with_the_documented_rights(secured_kafka: SecuredKafka, prefix: str) -> None:
    login = secured_kafka.let_in("tasker-tools", prefix)
    shown = run_tasker("trace", "42", **login, TASKER_TOPIC_PREFIX=prefix)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "✔ pay" in shown.stdout


def test_all_pages_are_shown_with_the_documented_rights(
    secured_kafka: SecuredKafka, prefix: str, tmp_path: Path
) -> None:
    variables = settings_of(secured_kafka, "tasker-web", prefix, tmp_path)
    with web_process(tmp_path / "web.log", **variables) as web:
        assert eventually(lambda: web.shows("/", 'id="t-42"'))
        assert web.shows("/task?id=42", "<h1>order</h1>")
        assert web.shows("/groups", f"{prefix}-stats", "never ran", "None.")
        for page in ("/grid", "/errors", "/stats", "/task-events?id=42"):
            assert web.get(page)[0] == 200, page
        assert web.terminate() == 0
    assert secured_kafka.secret not in web.log.read_text()


@pytest.mark.parametrize(("mistake", "reason"), [("password", "SASL_PASSWORD"), ("authority", "SSL_CA_LOCATION")])
def test_who_is_not_let_in_gets_one_line_and_exit_code_two(
    secured_kafka: SecuredKafka, topic_prefix: str, mistake: str, reason: str, unknown_authority: Path
) -> None:
    wrong = {
        "password": {"KAFKA_SASL_PASSWORD": f"{secured_kafka.secret}-of-last-week"},
        "authority": {"KAFKA_SSL_CA_LOCATION": str(unknown_authority)},
    }[mistake]
    environ = tasker_environ(**{**secured_kafka.stranger(topic_prefix), **wrong})
    for command, (told, code) in run_at_once(COMMANDS, environ).items():
        assert code == 2, (command, told)
        assert told.count("\n") == 1, (command, told)
        assert f"{secured_kafka.broker.bootstrap_servers} turns us away" in told, (command, told)
        assert f"check KAFKA_{reason}" in told.replace("check KAFKA_SASL_USERNAME, ", "check "), (command, told)
        assert secured_kafka.secret not in told, command
