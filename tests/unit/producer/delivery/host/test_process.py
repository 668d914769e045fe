"""The producer is a light guest: what it loads, what it leaves alone, what it shows of itself."""

import pickle
import subprocess
import sys

import confluent_kafka
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from tasker_producer import UsageError, carrier_from_environ, carrier_to_environ
from tasker_producer.delivery import client
from tasker_producer.delivery.host.drops import DropLog
from tasker_producer.testing import RecordingPublisher

LOADED = "import sys, tasker_producer; print(*sorted({name.split('.')[0] for name in sys.modules}))"


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


def test_importing_it_loads_no_library_but_its_three() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True).stdout.split()
    assert {"confluent_kafka", "fastavro", "opentelemetry"} <= set(loaded)
    assert not {"faust", "aiokafka", "pydantic", "requests", "httpx", "aiohttp", "typer", "rich", "yaml"} & set(loaded)


def test_importing_it_loads_no_part_of_the_opentelemetry_sdk() -> None:
    code = "import sys, tasker_producer; print('opentelemetry.sdk' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "False"


def test_its_kafka_client_is_not_the_name_that_instrumentations_replace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confluent_kafka, "Producer", None)
    made = client.make_client({"bootstrap.servers": "127.0.0.1:9"}, DropLog(), keep=False)
    assert type(made._producer).__module__ == "cimpl"


def test_a_carrier_survives_the_environment_of_a_child_process(publisher: RecordingPublisher) -> None:
    with publisher.task("tâche n° 1\n", task_id="ä/1", correlation_id="50%") as task:
        carrier = carrier_from_environ({**carrier_to_environ(task.carrier()), "PATH": "/bin"})
    assert carrier == task.carrier()
    assert all(value.isascii() and value.isprintable() for value in carrier.values())
    with publisher.resume_task(carrier, final=True) as resumed:
        assert resumed.identity() == task.identity()
        assert resumed.trace == task.trace


def test_a_carrier_arrives_among_the_headers_of_a_web_request(publisher: RecordingPublisher) -> None:
    with publisher.task("order", task_id=1) as task:
        headers = {"Host": "shop", **{name.title(): value for name, value in task.carrier().items()}}
    assert publisher.resume_task(headers).trace == task.trace


def test_a_publisher_that_is_sent_to_another_process_says_what_to_do(publisher: RecordingPublisher) -> None:
    with pytest.raises(UsageError, match=r"make one in the other.*default_publisher"):
        pickle.dumps({"publisher": publisher})


def test_counts_are_shown_to_a_meter_with_the_reasons_of_drops(publisher: RecordingPublisher) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    publisher.observe(provider.get_meter("test"))
    publisher.publish_event("order.paid")
    data = reader.get_metrics_data()
    provider.shutdown()
    assert data is not None
    metrics = data.resource_metrics[0].scope_metrics[0].metrics
    values = {metric.name: [point.value for point in metric.data.data_points] for metric in metrics}  # type: ignore[union-attr]
    assert values["tasker.producer.published"] == [1]
