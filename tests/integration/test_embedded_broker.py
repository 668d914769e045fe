"""The embedded broker, run for real."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import EmbeddedKafka, KafkaSource
from tasker_consumers.embedded.ports import free_ports
from tasker_schemas.errors import BackendUnavailable
from tests.support.kafka.topics import make_topic
from tests.support.processes import LIMIT_S, eventually, is_alive

PARENT = """
import sys, time
from tasker_consumers.embedded import EmbeddedKafka
with EmbeddedKafka() as kafka:
    print(kafka.pid, kafka.data_dir, flush=True)
    time.sleep(600)
"""


def topics_of(broker: EmbeddedKafka) -> set[str]:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    return set(admin.list_topics(timeout=LIMIT_S).topics)


def create_topic(broker: EmbeddedKafka, name: str) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    make_topic(admin, name)


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_a_record_comes_back_with_every_compression(
    kafka: KafkaSource, admin: AdminClient, topic_prefix: str, codec: str
) -> None:
    servers = {"bootstrap.servers": kafka.bootstrap_servers}
    make_topic(admin, topic_prefix)
    producer = Producer({**servers, "compression.type": codec})
    producer.produce(topic_prefix, b"x" * 1000)
    assert producer.flush(90) == 0
    consumer = Consumer({**servers, "group.id": topic_prefix, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic_prefix])
    record = consumer.poll(30)
    consumer.close()
    assert record is not None
    assert record.value() == b"x" * 1000


def test_topics_and_address_survive_that_the_broker_is_killed(own_kafka: EmbeddedKafka) -> None:
    create_topic(own_kafka, "kept")
    address, pid = own_kafka.bootstrap_servers, own_kafka.pid
    own_kafka.kill()
    assert pid is not None
    assert not is_alive(pid)
    own_kafka.start()
    assert own_kafka.bootstrap_servers == address
    assert "kept" in topics_of(own_kafka)


def test_a_later_broker_goes_on_with_the_data_of_an_earlier_one(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with EmbeddedKafka(data_dir=tmp_path, port=port) as earlier:
        create_topic(earlier, "kept")
    with EmbeddedKafka(data_dir=tmp_path, port=port) as later:
        assert later.bootstrap_servers == f"127.0.0.1:{port}"
        assert "kept" in topics_of(later)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_broker_and_no_data_remain_when_the_parent_is_ended(end: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        pid, data_dir = parent.stdout.readline().split()
        assert is_alive(int(pid))
        parent.send_signal(end)
        assert eventually(lambda: not is_alive(int(pid)))
        assert eventually(lambda: not Path(data_dir).exists())


def test_a_broker_that_cannot_start_says_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=someone-elses\n")
    with pytest.raises(BackendUnavailable, match=r"(?s)ended while it started.*kafka.log:.*\bERROR\b"):
        EmbeddedKafka(data_dir=tmp_path).start()
