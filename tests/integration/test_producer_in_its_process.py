"""A process forks, is the first of its container, or ends: with a producer inside as without it."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tests.support.kafka.certificates import Authority
from tests.support.kafka.produced import create_event_topics, read_all
from tests.support.processes import eventually

LIMIT_S = 120
UNSHARE = ["unshare", "--pid", "--fork", "--kill-child"]

FIRST_PROCESS = """
    import os, signal, sys
    from tasker_producer import EventPublisher
    publisher = EventPublisher()
    publisher.publish_event("order.paid", {})
    print(os.getpid(), flush=True)
    while True:
        signal.pause()
"""
FORK_AMID_A_SLOW_DISK = """
    import os, threading
    from tasker_producer import EventPublisher
    from tasker_producer.delivery.host.process import no_fork
    publisher = EventPublisher()
    publisher.publish_event("order.paid", {"of": "parent"})
    assert publisher.flush(90) == 0
    is_slow, is_done = threading.Event(), threading.Event()
    def use_the_disk():
        with no_fork:  # as around each call of SQLite
            is_slow.set()
            is_done.wait()
    threading.Thread(target=use_the_disk).start()
    is_slow.wait()
    child = os.fork()
    if child == 0:
        for number in range(5):
            publisher.publish_event("order.paid", {"of": "child"})
        left = publisher.flush(60)
        os._exit(0 if (left, publisher.stats()["delivered"]) == (0, 5) else 1)
    forked_meanwhile = not is_done.is_set()
    is_done.set()
    _, status = os.waitpid(child, 0)
    print(forked_meanwhile, os.waitstatus_to_exitcode(status))
"""
CHILD_OUTLIVES_PARENT = """
    import os, signal
    from tasker_producer import EventPublisher
    from tasker_producer.delivery.host import native
    publisher = EventPublisher()
    for number in range(10):
        publisher.publish_event("order.paid", {"n": number})
    backlog = publisher._delivery._backlog
    assert native.wait_for(lambda: backlog.on_disk == 10, 90)
    child = os.fork()
    if child == 0:
        signal.pause()
    print(child, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""

CERTIFICATE_IN_ROTATION = """
    import os
    from tasker_producer import EventPublisher
    ca = os.environ["KAFKA_SSL_CA_LOCATION"]
    publisher = EventPublisher()
    os.rename(ca, ca + ".old")
    child = os.fork()
    if child == 0:
        publisher.publish_event("order.paid", {})
        with publisher.task("order", task_id=1):
            pass
        counts = publisher.stats()
        os._exit(0 if (counts["published"], counts["spooled"], counts["dropped"]) == (4, 4, 0) else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
WITHOUT_A_DISK = """
    from tasker_producer import EventPublisher
    publisher = EventPublisher()
    publisher.publish_event("order.paid", {})
    print(publisher.stats()["dropped"], publisher.close(0.2))
"""
READ_ONLY = "mount --make-rprivate / && mount --bind / / && mount -o remount,ro,bind / && cd /"
NAMESPACE = ["unshare", "--mount", "sh", "-c"]


def can_make_first_processes() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode == 0


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*NAMESPACE, READ_ONLY], check=False, capture_output=True).returncode == 0


def environ(servers: str, spool: Path, prefix: str = "tasker") -> dict[str, str]:
    variables = {"KAFKA_BOOTSTRAP_SERVERS": servers, "TASKER_SPOOL_DIR": str(spool), "TASKER_TOPIC_PREFIX": prefix}
    return {**os.environ, **variables}


@pytest.mark.skipif(not can_make_first_processes(), reason="this user may make no process namespace")
def test_the_first_process_of_a_container_ends_at_sigterm_and_keeps_its_events(tmp_path: Path) -> None:
    command = [*UNSHARE, sys.executable, "-c", textwrap.dedent(FIRST_PROCESS)]
    with subprocess.Popen(command, env=environ("127.0.0.1:1", tmp_path), stdout=subprocess.PIPE, text=True) as outer:
        assert outer.stdout is not None
        assert outer.stdout.readline() == "1\n"
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGTERM)
        assert outer.wait(LIMIT_S) == 128 + signal.SIGTERM
    assert list(tmp_path.rglob("events-*.sqlite"))


def test_a_fork_waits_for_no_disk_and_the_child_delivers(
    kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path
) -> None:
    create_event_topics(admin, topic_prefix)
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FORK_AMID_A_SLOW_DISK)],
        env=environ(kafka.bootstrap_servers, tmp_path, topic_prefix),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=LIMIT_S,
    )
    assert ended.stdout.split() == ["True", "0"]
    assert len(read_all(kafka.bootstrap_servers, f"{topic_prefix}.events.custom", 6)) == 6


def test_what_a_killed_parent_left_is_sent_while_its_child_lives_on(
    kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", textwrap.dedent(CHILD_OUTLIVES_PARENT)]
    variables = environ(kafka.bootstrap_servers, tmp_path, topic_prefix)
    variables["KAFKA_ALLOW_AUTO_CREATE_TOPICS"] = "false"
    with subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            assert parent.wait(LIMIT_S) == -signal.SIGKILL
            create_event_topics(admin, topic_prefix)
            successor = "from tasker_producer import EventPublisher; print(EventPublisher().flush(60))"
            sent = [sys.executable, "-c", successor]
            ended = subprocess.run(sent, env=variables, check=True, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S)
            assert ended.stdout.split() == ["0"]
            assert eventually(lambda: not list(tmp_path.rglob("events-*.sqlite")))
        finally:
            os.kill(child, signal.SIGKILL)
    assert len(read_all(kafka.bootstrap_servers, f"{topic_prefix}.events.custom", 10)) == 10


def test_a_child_that_is_forked_while_a_certificate_is_replaced_works_on(tmp_path: Path) -> None:
    variables = environ("127.0.0.1:1", tmp_path / "spool")
    variables |= {"KAFKA_SECURITY_PROTOCOL": "ssl", "KAFKA_SSL_CA_LOCATION": str(tmp_path / "ca.pem")}
    (tmp_path / "ca.pem").write_bytes(Authority.new("tests").pem())
    command = [sys.executable, "-c", textwrap.dedent(CERTIFICATE_IN_ROTATION)]
    ended = subprocess.run(command, env=variables, check=True, capture_output=True, text=True, timeout=LIMIT_S)
    assert ended.stdout.split() == ["0"], ended.stderr


@pytest.mark.skipif(not can_mount(), reason="this user may mount nothing")
@pytest.mark.parametrize("more", [{}, {"TASKER_SPOOL_MAX_BYTES": "0"}])
def test_without_a_directory_that_can_be_written_a_service_publishes_from_memory(more: dict[str, str]) -> None:
    variables = environ("127.0.0.1:1", Path("/nowhere/spool")) | more
    script = f'{READ_ONLY} && exec "$0" -c "$1"'
    command = [*NAMESPACE, script, sys.executable, textwrap.dedent(WITHOUT_A_DISK)]
    ended = subprocess.run(command, env=variables, check=True, capture_output=True, text=True, timeout=LIMIT_S)
    assert ended.stdout.split() == ["0", "1"]
    told = [line for line in ended.stderr.splitlines() if "/nowhere/spool" in line]
    assert len(told) == (0 if more else 1)
