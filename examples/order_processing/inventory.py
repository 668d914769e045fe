"""The inventory: it does two steps of an order at the same time, and hands the order on to the payment."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from tasker_producer import EventPublisher, ProducerSettings, TaskScope


def validate_products(task: TaskScope, order: dict[str, Any]) -> None:
    """Look at every item of the order."""
    with task.step("validate_products", depends_on=["fetch_cart"], inputs={"items": order["items"]}) as step:
        time.sleep(0.1 * len(order["items"]))
        step.results = {"valid": len(order["items"])}


def check_inventory(task: TaskScope, order: dict[str, Any]) -> None:
    """Reserve what was ordered."""
    with task.step("check_inventory", depends_on=["fetch_cart"]) as step:
        time.sleep(0.2)
        step.results = {"reserved": len(order["items"])}


def main() -> None:
    """Go on with each order that comes in."""
    settings = replace(ProducerSettings.from_env(), service_name="shop-inventory")
    with EventPublisher(settings) as publisher, ThreadPoolExecutor(max_workers=2) as pool:
        for line in sys.stdin:
            job = json.loads(line)
            with publisher.resume_task(job["task"]) as task:
                steps = [pool.submit(work, task, job["order"]) for work in (validate_products, check_inventory)]
                for step in steps:
                    step.result()
                print(json.dumps({**job, "task": task.carrier()}), flush=True)
            print(f"inventory  {job['order']['order_id']}: reserved", file=sys.stderr)


if __name__ == "__main__":
    main()
