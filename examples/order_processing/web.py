"""The web service: it takes orders, begins a task for each, and hands it on to the inventory.

python web.py | python inventory.py | python payment.py | python shipping.py
"""

import json
import sys
import time
import uuid
from dataclasses import replace
from typing import Any

from tasker_producer import EventPublisher, ProducerSettings

CARDS = ("4111111111111111", "4242424242424242", "5555555555554444", "4000000000000002", "378282246310005")


def orders() -> list[dict[str, Any]]:
    """Return five orders, with everything in them that must never be seen outside: card, password, token."""
    day = uuid.uuid4().hex[:6]
    return [
        {
            "order_id": f"order-{day}-{number}",
            "amount": 19.5 * number,
            "items": ["tea", "pot", "cup"][: 1 + number % 3],
            "customer": {"name": "Ada", "password": "correct-horse-battery-staple"},
            "credit_card": {"number": card, "holder": "Ada L."},
            "api_token": "tok-demo-8f14e45f",
        }
        for number, card in enumerate(CARDS, start=1)
    ]


def take(publisher: EventPublisher, order: dict[str, Any]) -> None:
    """Begin an order's task and hand it on; it is complete when the shipping says so, so not here."""
    with publisher.task(
        "order_processing", task_id=order["order_id"], context=order, total_steps=6, complete=False
    ) as task:
        with task.step("fetch_cart", depends_on=[]) as step:
            time.sleep(0.2)
            step.results = {"items": order["items"]}
        print(json.dumps({"task": task.carrier(), "order": order}), flush=True)
        print(f"web        {order['order_id']}: cart of {len(order['items'])} items", file=sys.stderr)


def main() -> None:
    """Take all orders."""
    with EventPublisher(replace(ProducerSettings.from_env(), service_name="shop-web")) as publisher:
        for order in orders():
            take(publisher, order)


if __name__ == "__main__":
    main()
