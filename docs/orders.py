"""Runs of an order service, for the outputs of the documentation: published at times of their own, ending now.

    publish_orders({"KAFKA_BOOTSTRAP_SERVERS": "localhost:9092"})

Two hours ago version 1.4 was rolled out. In the region eu it waits for its payment gateway, and most orders fail at
the third attempt of their second charge. Task ids are `order-000` to `order-239`, the oldest first.
"""

import time
from collections.abc import Mapping
from random import Random
from typing import Any

from tasker_producer import EventPublisher, ProducerSettings

RUNS = 240
#: The part of the slow orders that fail.
FAILING = 0.9
_MICROS = 1_000_000
#: Seconds between two orders; the last of them begins a minute ago.
_BETWEEN = 60


class PaymentTimeoutError(Exception):
    """The gateway did not answer."""


def publish_orders(environ: Mapping[str, str]) -> None:
    """Publish all runs; the same numbers at each call, the times as of now."""
    draw = Random(16)  # noqa: S311  runs, no secrets
    present = time.time_ns() // 1000
    publishers = {
        version: EventPublisher(
            ProducerSettings.from_env({**environ, "TASKER_SERVICE_NAME": "shop", "TASKER_SERVICE_VERSION": version})
        )
        for version in ("1.3", "1.4")
    }
    for number in range(RUNS):
        start = present - (RUNS - number) * _BETWEEN * _MICROS
        publisher = publishers["1.4" if number >= RUNS // 2 else "1.3"]
        _publish_order(publisher, draw, f"order-{number:03}", start, is_new=number >= RUNS // 2)
    for publisher in publishers.values():
        publisher.close()


def _publish_order(publisher: EventPublisher, draw: Random, task_id: str, start: int, *, is_new: bool) -> None:
    region = draw.choice(("eu", "us", "asia"))
    is_slow = is_new and region == "eu"
    is_failing = is_slow and draw.random() < FAILING
    same: dict[str, Any] = {
        "task_id": task_id,
        "task_name": "order_processing",
        "attributes": {"region": region, "items": draw.randint(1, 9)},
    }
    publisher.publish_task_started(timestamp=start, started_at=start, total_steps=4, **same)
    moment = start
    for step_id, seconds in (("fetch_cart", 0.4), ("charge_card-1", 1.2), ("charge_card-2", 1.2), ("ship_order", 0.8)):
        step = step_id.partition("-")[0]
        length = round(
            seconds * draw.lognormvariate(0, 0.2) * (4 if is_slow and step == "charge_card" else 1) * _MICROS
        )
        fails = is_failing and step_id == "charge_card-2"
        moment = _publish_step(publisher, {**same, "step_id": step_id, "step_name": step}, moment, length, fails=fails)
        if fails:
            error = PaymentTimeoutError("the gateway did not answer within 4 s")
            publisher.publish_task_failed(timestamp=moment, completed_at=moment, error=error, **same)
            return
    publisher.publish_task_completed(timestamp=moment, completed_at=moment, **same)


def _publish_step(publisher: EventPublisher, same: dict[str, Any], start: int, length: int, *, fails: bool) -> int:
    """Publish a step, three attempts of it if it fails; return its end."""
    for attempt in range(1, 4 if fails else 2):
        end = start + length
        times: dict[str, Any] = {"attempt_number": attempt, "started_at": start, "retry_limit": 3}
        publisher.publish_step_handle(timestamp=start, **same, **times)
        if not fails:
            publisher.publish_step_completed(timestamp=end, completed_at=end, **same, **times)
            return end
        error = PaymentTimeoutError("the gateway did not answer within 4 s")
        publisher.publish_step_failed(timestamp=end, completed_at=end, error=error, **same, **times)
        start = end + _MICROS
    return start - _MICROS
