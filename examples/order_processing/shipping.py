"""The shipping: it sends the goods and the news, and with that the order's task is complete."""

import json
import sys
import time
from dataclasses import replace

from tasker_producer import EventPublisher, ProducerSettings


def main() -> None:
    """Finish each order that comes in: `final=True` completes its task when the block ends well."""
    with EventPublisher(replace(ProducerSettings.from_env(), service_name="shop-shipping")) as publisher:
        for line in sys.stdin:
            job = json.loads(line)
            with publisher.resume_task(job["task"], final=True) as task:
                with task.step("create_shipment", depends_on=["charge_card"]) as step:
                    time.sleep(0.2)
                    step.results = {"parcel": f"parcel-{job['order']['order_id']}"}
                with task.step("send_confirmation", depends_on=["create_shipment"]):
                    time.sleep(0.05)
            print(f"shipping   {job['order']['order_id']}: on its way", file=sys.stderr)


if __name__ == "__main__":
    main()
