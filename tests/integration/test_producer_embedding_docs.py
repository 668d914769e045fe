"""The examples of docs/embedding.md run, on a real Kafka."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_producer import default_publisher
from tasker_schemas.avro.codec import Decoder
from tests.support.kafka.produced import create_event_topics, read_all

PAGE = Path(__file__).parents[2] / "docs" / "embedding.md"
EXAMPLES = dict(re.findall(r"^```python\n# ([\w-]+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))


class Shop:
    """A service that is made of one example."""

    def __init__(self, servers: str, prefix: str) -> None:
        self._servers = servers
        self._prefix = prefix

    def run(self, example: str) -> dict[str, Any]:
        module = ModuleType(f"example_{example}")
        sys.modules[module.__name__] = module  # frameworks look their functions' annotations up there
        exec(EXAMPLES[example], vars(module))
        if "publisher" in vars(module):
            vars(module)["publisher"].flush(30)
        return vars(module)

    def names(self, family: str, count: int) -> list[str]:
        messages = read_all(self._servers, f"{self._prefix}.events.{family}", count)
        return sorted(dict(message.headers() or [])["ce_type"].decode() for message in messages)


@pytest.fixture
def shop(
    kafka: KafkaSource, admin: AdminClient, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    create_event_topics(admin, topic_prefix)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("TASKER_TOPIC_PREFIX", topic_prefix)
    monkeypatch.setenv("TASKER_SPOOL_DIR", str(tmp_path))
    default_publisher.cache_clear()
    yield Shop(kafka.bootstrap_servers, topic_prefix)
    default_publisher.cache_clear()


def test_every_example_of_the_page_is_tried_here() -> None:
    tried = {"service", "retry", "hand-over", "events", "fastapi", "celery", "django", "testing"}
    tried |= {"outcomes", "pools", "mistakes", "classes", "approval", "waiting"}
    assert EXAMPLES.keys() == tried
    assert PAGE.read_text().count("```python") == len(tried)


def test_the_plain_service_tells_its_task_and_keeps_its_secret(shop: Shop) -> None:
    shop.run("service")["publisher"].close()
    assert shop.names("task", 3) == ["task.completed", "task.initialize_requested", "task.start_requested"]
    assert shop.names("step", 4) == ["step.completed"] * 2 + ["step.handle"] * 2
    (message,) = read_all(shop._servers, f"{shop._prefix}.events.custom", 1)
    assert b"never leaves" not in (message.value() or b"")


def test_the_retried_step_has_two_attempts(shop: Shop) -> None:
    shop.run("retry")["publisher"].close()
    assert shop.names("step", 5) == [
        "step.completed",
        "step.failed",
        "step.handle",
        "step.handle",
        "step.retry_requested",
    ]


def test_the_task_that_waits_for_an_approval_tells_how_long_it_may_be_silent(shop: Shop) -> None:
    names = shop.run("approval")
    names["publisher"].close()
    messages = read_all(shop._servers, f"{shop._prefix}.events.task", 2)
    decoder = Decoder()
    limits = [decoder.decode("TaskEvent", message.value() or b"")["attributes"] for message in messages]
    assert limits == [{"silence_limit_seconds": 604_800.0}] * 2
    assert names["carrier"]


def test_the_task_that_is_handed_over_is_one_task(shop: Shop) -> None:
    shop.run("hand-over")["publisher"].close()
    assert shop.names("task", 3) == ["task.completed", "task.initialize_requested", "task.start_requested"]


def test_the_handler_class_publishes_event_by_event(shop: Shop) -> None:
    shop.run("events")
    default_publisher().close()
    assert shop.names("step", 2) == ["step.completed", "step.handle"]


def test_the_example_for_a_services_tests_passes(shop: Shop) -> None:
    assert shop.run("testing")["publisher"].stats()["published"] == 5


def test_the_fastapi_service_hands_its_task_on(shop: Shop) -> None:
    fastapi = pytest.importorskip("fastapi.testclient")
    with fastapi.TestClient(shop.run("fastapi")["app"]) as client:
        assert client.post("/orders/46", json=["book"]).json()["tasker-task-id"] == "46"
    assert shop.names("custom", 1) == ["order.accepted"]


def test_the_celery_worker_goes_on_with_the_task(shop: Shop) -> None:
    testing = pytest.importorskip("celery.contrib.testing.worker")
    example = shop.run("celery")
    with testing.start_worker(example["app"], perform_ping_check=False, pool="solo", loglevel="CRITICAL"):
        example["order"](47)
        assert shop.names("task", 3) == ["task.completed", "task.initialize_requested", "task.start_requested"]
    default_publisher().close()


@pytest.mark.parametrize(("view", "status", "end"), [("checkout", 200, "completed"), ("refund", 500, "failed")])
def test_the_django_middleware_makes_a_task_of_a_request(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, view: str, status: int, end: str
) -> None:
    testing, urls = pytest.importorskip("django.test"), pytest.importorskip("django.urls")
    settings = pytest.importorskip("django.conf").settings
    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], DEFAULT_CHARSET="utf-8", SECRET_KEY="test")
        pytest.importorskip("django").setup()
    example = shop.run("django")
    routes = type("urls", (), {"urlpatterns": [urls.path("view", example[view])]})
    monkeypatch.setattr(settings, "ROOT_URLCONF", routes, raising=False)
    monkeypatch.setattr(settings, "MIDDLEWARE", example["MIDDLEWARE"])
    assert testing.Client(raise_request_exception=False).post("/view").status_code == status
    default_publisher().close()
    assert f"task.{end}" in shop.names("task", 3)


def test_the_outcomes_are_those_of_the_example(shop: Shop) -> None:
    shop.run("outcomes")["publisher"].close()
    ends = ["step.cancelled", "step.completed", "step.failed"]
    assert [name for name in shop.names("step", 6) if name != "step.handle"] == ends
    assert shop.names("observability", 4).count("observability.step.progress") == 3


def test_the_waits_are_those_of_the_example(shop: Shop) -> None:
    shop.run("waiting")["publisher"].close()
    waits = ["observability.step.heartbeat", "observability.step.waiting", *["observability.task.waiting"] * 2]
    assert shop.names("observability", 4) == waits
    assert shop.names("task", 3) == ["task.completed", "task.initialize_requested", "task.start_requested"]


def test_a_pool_publishes_inside_the_step(shop: Shop) -> None:
    shop.run("pools")["publisher"].close()
    messages = read_all(shop._servers, f"{shop._prefix}.events.custom", 3)
    assert [message.key() for message in messages] == [b"49"] * 3


def test_the_example_of_classes_tells_the_truth(shop: Shop) -> None:
    assert len(shop.run("classes")["publisher"].events) == 1


def test_the_example_of_mistakes_tells_the_truth(shop: Shop) -> None:
    assert len(shop.run("mistakes")["publisher"].events) == 1
