"""The example service on a real Kafka: four processes, one story per order, and no secret anywhere."""

import os
import subprocess
import sys
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient

from tasker_consumers.embedded import KafkaSource
from tasker_consumers.stats.core.fold import recompute
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.headers import read_trace_headers
from tests.support.importers.oracles import ROOT
from tests.support.kafka.produced import create_event_topics, read_all

EXAMPLE = ROOT / "examples" / "order_processing"
SECRETS = ("4000000000000002", "4111111111111111", "correct-horse", "tok-demo")


class Shop(NamedTuple):
    """What one run of the example left behind."""

    events: list[dict[str, Any]]
    trace_ids: dict[str, set[str]]
    stats: list[dict[str, Any]]
    raw: bytes
    log: str


@pytest.fixture(scope="module")
def shop(kafka: KafkaSource) -> Shop:
    prefix = f"shop{uuid4().hex[:8]}"
    create_event_topics(AdminClient({"bootstrap.servers": kafka.bootstrap_servers}), prefix)
    environ = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers, "TASKER_TOPIC_PREFIX": prefix}
    done = subprocess.run(
        [sys.executable, EXAMPLE], env=environ, check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return _read(kafka, prefix, done.stdout + done.stderr)


def _read(kafka: KafkaSource, prefix: str, log: str) -> Shop:
    events, headers, raw, decoder = [], [], [], Decoder()
    for family, record in (("task", "TaskEvent"), ("step", "StepEvent"), ("custom", "CustomEvent")):
        for message in read_all(kafka.bootstrap_servers, f"{prefix}.events.{family}", 4):
            events.append(decoder.decode(record, message.value()))
            headers.append(message.headers() or [])
            raw.append(repr((message.key(), message.value(), message.headers())).encode())
    trace_ids: dict[str, set[str]] = {}
    for event, found in zip(events, headers, strict=True):
        span = read_trace_headers(found).span
        trace_ids.setdefault(event["task_id"], set()).add(span.trace_id if span else "none")
    return Shop(events, trace_ids, list(recompute(events, headers).values()), b"\n".join(raw), log)


def test_four_orders_are_completed_and_the_declined_one_failed(shop: Shop) -> None:
    statuses = sorted((stats["status"], stats["completed_steps"]) for stats in shop.stats)
    assert statuses == [("complete", 6)] * 4 + [("error", 3)]


def test_each_order_has_one_trace_although_several_processes_work_on_it(shop: Shop) -> None:
    assert {len(trace_ids) for trace_ids in shop.trace_ids.values()} == {1}
    assert len({event["producer"] for event in shop.events}) == 4
    services = {event["service"] for event in shop.events}
    assert services == {"shop-web", "shop-inventory", "shop-payment", "shop-shipping"}


def test_the_charge_that_found_no_answer_was_tried_again(shop: Shop) -> None:
    (retried,) = [stats for stats in shop.stats if stats["retries"]]
    assert (retried["status"], retried["attempts"]) == ("complete", 7)
    assert retried["first_error"]["error_class"].endswith("PaymentGatewayTimeout")


def test_the_declined_card_fails_its_task_for_good(shop: Shop) -> None:
    (failed,) = [event for event in shop.events if event["event_name"] == "task.failed"]
    assert (failed["error_message"], failed["error_steps"]) == ("The bank declined the card", ["charge_card"])


def test_a_step_that_slept_200_ms_has_lasted_at_least_that_long(shop: Shop) -> None:
    fetched = [e for e in shop.events if e.get("step_id") == "fetch_cart" and e["event_name"] == "step.completed"]
    assert len(fetched) == 5
    assert all(event["execution_duration"] >= 0.2 for event in fetched)


def test_two_steps_of_one_order_ran_at_the_same_time(shop: Shop) -> None:
    assert any(stats["step_time_s"] > stats["critical_path_s"] for stats in shop.stats)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_of_an_order_is_on_a_topic_or_in_the_log(shop: Shop, secret: str) -> None:
    assert secret.encode() not in shop.raw
    assert secret not in shop.log


def test_without_a_broker_to_talk_to_it_says_what_is_missing() -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("KAFKA_")}
    done = subprocess.run(
        [sys.executable, EXAMPLE], env=environ, check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "KAFKA_BOOTSTRAP_SERVERS is not set: give the brokers as host:port,host:port\n"
