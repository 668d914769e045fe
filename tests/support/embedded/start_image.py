"""Kafka's classes, loaded and linked once for all its starts in the tests: Java calls this an AOT cache (JEP 514).

A run of all tests starts Kafka dozens of times, in processes of its own too. The image lies beside Kafka's files; Java
itself does without it where it does not fit to the program or to the machine.
"""

import fcntl
import os
import signal
import tempfile
from pathlib import Path

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tasker_consumers.embedded import EmbeddedKafka
from tasker_consumers.embedded.java.artifacts import java, program_dir
from tasker_consumers.embedded.java.programs import KAFKA
from tests.support.processes import eventually, is_alive

_OPTIONS = "JAVA_TOOL_OPTIONS"  # every Java of this process and of its children reads them
_QUIET = "-XX:+IgnoreUnrecognizedVMOptions -Xlog:disable"  # for another Java, and for other programs


def use_start_image() -> None:
    """Have each Kafka that this process and its children start use the image; make it if there is none yet."""
    if os.environ.get(_OPTIONS):
        return
    image = _place()
    with image.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.exists():
            _make(image)
    os.environ[_OPTIONS] = f"{_QUIET} -XX:AOTCache={image}"


def _place() -> Path:
    """Return where the image lies for this Java and this Kafka."""
    modules = (java().parent.parent / "lib" / "modules").stat()
    return program_dir(KAFKA).with_name(f"{KAFKA.key}-{modules.st_size:x}-{modules.st_mtime_ns:x}.aot")


def _make(image: Path) -> None:
    with tempfile.TemporaryDirectory(dir=image.parent, prefix=f"{image.stem}.") as scratch, EmbeddedKafka() as kafka:
        made = Path(scratch) / image.name
        kafka.stop()  # its storage is formatted now, by another Java program
        os.environ[_OPTIONS] = f"-XX:AOTCacheOutput={made}"
        kafka.start()
        _use(kafka.bootstrap_servers)
        pid = kafka.pid
        assert pid is not None
        os.kill(pid, signal.SIGTERM)  # `stop` waits for ten seconds only, and the image is written at the end
        assert eventually(lambda: not is_alive(pid))
        made.rename(image)


def _use(bootstrap_servers: str) -> None:
    """Do what tests do, so that the image holds the classes for it: a transaction, and a group that reads it."""
    topic = "start-image"
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1)])[topic].result()
    producer = Producer({"bootstrap.servers": bootstrap_servers, "transactional.id": topic})
    producer.init_transactions()
    producer.begin_transaction()
    producer.produce(topic, b"record")
    producer.commit_transaction()
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        assert eventually(lambda: consumer.poll(0.1) is not None)
    finally:
        consumer.close()
