"""Which frame a record gets: the registry's id as soon as it is known, its fingerprint until then."""

import threading
from collections.abc import Iterator

import pytest

from tasker_producer import EventPublisher, ProducerSettings
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.avro.codec import SINGLE_OBJECT, confluent_frame
from tasker_schemas.names import Family
from tasker_schemas.registry.settings import RegistrySettings
from tests.support.processes import LIMIT_S, eventually
from tests.support.registry.odd import OddRegistry, odd_registry


@pytest.fixture
def odd() -> Iterator[OddRegistry]:
    with odd_registry() as registry:
        yield registry


def test_all_families_have_a_frame_once_the_registry_has_told_their_ids(odd: OddRegistry) -> None:
    frames = RegistryFrames(RegistrySettings(url=odd.says({"id": 7}).url), "shop")
    assert frames.wait(LIMIT_S)
    assert {family: frames.frame_of(family) for family in Family} == dict.fromkeys(Family, confluent_frame(7))
    assert frames.stats() == {"framed_single_object": 0}
    assert {path for _, path, _ in odd.asked} == {f"/subjects/shop.events.{family}-value" for family in Family}


def test_a_forked_child_keeps_the_ids_and_counts_for_itself(odd: OddRegistry) -> None:
    frames = RegistryFrames(RegistrySettings(url=odd.says({}, 500).url), "shop", retry_s=0.05)
    assert frames.frame_of(Family.STEP) is None
    assert frames.stats() == frames.stats() == {"framed_single_object": 1}
    odd.says({"id": 7})
    assert frames.wait(LIMIT_S)
    frames.start()  # what the child does first
    assert frames.frame_of(Family.STEP) == confluent_frame(7)
    assert frames.stats() == {"framed_single_object": 0}


def test_looking_up_only_never_writes_to_the_registry(odd: OddRegistry) -> None:
    odd.says({"error_code": 40403, "message": "not found"}, 404)
    frames = RegistryFrames(RegistrySettings(url=odd.url, auto_register=False), "shop", retry_s=0.05)
    assert eventually(lambda: len(odd.asked) > 10)
    frames.stop()
    assert {(method, path.endswith("/versions")) for method, path, _ in odd.asked} == {("POST", False)}


def test_publishing_does_not_wait_for_a_registry_that_hangs(odd: OddRegistry) -> None:
    odd.hangs = True
    settings = ProducerSettings(
        kafka={"bootstrap.servers": "127.0.0.1:9"}, spool_max_bytes=0, registry=RegistrySettings(url=odd.url)
    )
    publisher = EventPublisher(settings)
    assert eventually(lambda: len(odd.asked) == 1)
    publisher.publish_event("order.paid")
    assert publisher.stats()["framed_single_object"] == len(odd.asked) == 1  # the first question is still open
    publisher.close(0)


def test_a_recording_publisher_asks_no_registry(odd: OddRegistry) -> None:
    publisher = RecordingPublisher(ProducerSettings(registry=RegistrySettings(url=odd.url)))
    publisher.publish_event("order.paid")
    assert publisher.events[0].value.startswith(SINGLE_OBJECT)
    assert odd.asked == []


def test_a_process_without_room_for_a_thread_publishes_with_fingerprints(
    odd: OddRegistry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    frames = RegistryFrames(RegistrySettings(url=odd.url), "shop")
    assert frames.frame_of(Family.STEP) is None
    assert caplog.messages == ["Events go out without a registry's id: can't start new thread"]
