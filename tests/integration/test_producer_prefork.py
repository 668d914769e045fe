"""Hosts that fork before they work, or start anew: every process's events arrive, and its end loses none."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.embedded.ports import free_ports
from tasker_producer import EventPublisher, ProducerSettings
from tasker_schemas.avro.codec import Decoder
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.processes import eventually

ROOT = Path(__file__).parents[2]
LIMIT_S = 90.0
TASKS = 10


@pytest.fixture
def settings(kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path) -> ProducerSettings:
    create_event_topics(admin, topic_prefix)
    servers = {"bootstrap.servers": kafka.bootstrap_servers}
    return ProducerSettings(kafka=servers, topic_prefix=topic_prefix, spool_dir=tmp_path / "spool")


def environ_of(settings: ProducerSettings, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka["bootstrap.servers"],
        "TASKER_TOPIC_PREFIX": settings.topic_prefix,
        "TASKER_SPOOL_DIR": str(settings.spool_dir),
        **more,
    }


@contextmanager
def host(arguments: list[str], environ: dict[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a module of Python's in a process group of its own, which does not outlive the block."""
    command = [sys.executable, "-m", *arguments]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def events(settings: ProducerSettings, family: str, record: str, count: int) -> list[dict[str, Any]]:
    topic = f"{settings.topic_prefix}.events.{family}"
    messages = read_all(settings.kafka["bootstrap.servers"], topic, count)
    return [Decoder().decode(record, message.value()) for message in messages]


def ask(port: int) -> tuple[str, str]:
    """Return the process id of the worker that answered, and the id of the task that it told of."""
    with urlopen(f"http://127.0.0.1:{port}/", timeout=LIMIT_S) as answer:
        pid, task_id = answer.read().decode().split()
    return pid, task_id


def test_gunicorns_preloaded_workers_lose_nothing_of_what_they_tell(settings: ProducerSettings, tmp_path: Path) -> None:
    pytest.importorskip("gunicorn")
    log, port = tmp_path / "gunicorn.log", free_ports(1)[0]
    service = [
        "gunicorn",
        "--preload",
        "--workers=2",
        f"--bind=127.0.0.1:{port}",
        "tests.support.producer.gunicorn_service:app",
    ]
    told: dict[str, str] = {}
    with host(service, environ_of(settings), log) as process:
        assert eventually(lambda: log.read_text().count("Booting worker") == 2), log.read_text()

        def two_workers_have_answered() -> bool:
            pid, task_id = ask(port)
            told[task_id] = pid
            return len(set(told.values())) == 2 and len(told) >= 50

        assert eventually(two_workers_have_answered)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 0, log.read_text()
    arrived = [event["task_id"] for event in events(settings, "task", "TaskEvent", len(told) + 1)]
    assert sorted(arrived) == sorted([*told, f"master-{process.pid}"])


def test_celerys_children_go_on_with_tasks_by_the_headers_of_their_messages(
    settings: ProducerSettings, tmp_path: Path
) -> None:
    celery = pytest.importorskip("celery")
    queue, log = tmp_path / "queue", tmp_path / "celery.log"
    queue.mkdir()
    folders = {"data_folder_in": str(queue), "data_folder_out": str(queue), "control_folder": str(queue)}
    client = celery.Celery("client", broker="filesystem://", broker_transport_options=folders)
    worker = ["celery", "--app=tests.support.producer.celery_service", "worker", "--concurrency=2", "--loglevel=info"]
    with host(worker, environ_of(settings, CELERY_QUEUE_DIR=str(queue)), log) as process:
        with EventPublisher(settings) as publisher:
            for number in range(TASKS):
                with publisher.task("order", task_id=number, complete=False) as task:
                    client.send_task("ship", headers=task.carrier())
        assert eventually(lambda: len(re.findall("Task ship.* succeeded", log.read_text())) == TASKS, LIMIT_S), (
            log.read_text()
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 0, log.read_text()
    shipped = [e for e in events(settings, "step", "StepEvent", 2 * TASKS) if e["event_name"] == "step.completed"]
    assert sorted(int(event["task_id"]) for event in shipped) == list(range(TASKS))
    assert len({event["step_results"] for event in shipped}) == 2
    assert len(events(settings, "custom", "CustomEvent", 1)) == 1


def run_script(settings: ProducerSettings, directory: Path, code: str) -> "subprocess.CompletedProcess[str]":
    """Run a program whose children can import it again."""
    script = directory / "service.py"
    script.write_text(textwrap.dedent(code))
    command = [sys.executable, str(script)]
    return subprocess.run(command, env=environ_of(settings), check=False, capture_output=True, text=True, timeout=60)


def test_a_spawned_child_makes_its_own_publisher_and_loses_nothing(settings: ProducerSettings, tmp_path: Path) -> None:
    code = """
        import multiprocessing, sys
        from tasker_producer import default_publisher

        def work(child):
            for number in range(50):
                default_publisher().publish_task_event("task.cancelled", task_id=f"{child}-{number}")

        if __name__ == "__main__":
            work("parent")
            context = multiprocessing.get_context("spawn")
            children = [context.Process(target=work, args=(child,)) for child in range(2)]
            for child in children: child.start()
            for child in children: child.join()
            sys.exit(any(child.exitcode for child in children))
    """
    ended = run_script(settings, tmp_path, code)
    assert ended.returncode == 0, ended.stderr
    arrived = [event["task_id"] for event in events(settings, "task", "TaskEvent", 150)]
    assert len(arrived) == len(set(arrived)) == 150
