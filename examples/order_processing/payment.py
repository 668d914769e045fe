"""The payment: it charges the card, tries again when the gateway does not answer, and gives up on a declined card."""

import json
import sys
import time
from dataclasses import replace
from typing import Any

from tasker_producer import EventPublisher, ProducerSettings, TaskScope

ATTEMPTS = 3
UNANSWERED = 2  # which call of the day the gateway does not answer


class PaymentGatewayTimeout(Exception):
    """The gateway did not answer; trying again may help."""


class CardDeclined(Exception):
    """The bank said no, and will say it again."""


class PaymentGateway:
    """A gateway as they are: now and then no answer comes, and some cards nobody should take."""

    def __init__(self) -> None:
        self._calls = 0

    def charge(self, order: dict[str, Any]) -> str:
        """Take the money; return the gateway's receipt."""
        self._calls += 1
        time.sleep(0.2)
        if self._calls == UNANSWERED:
            raise PaymentGatewayTimeout(f"Payment gateway timeout (api_token={order['api_token']})")
        if order["credit_card"]["number"].endswith("0002"):
            raise CardDeclined("The bank declined the card")
        return f"receipt-{self._calls}"


def charge_card(publisher: EventPublisher, task: TaskScope, gateway: PaymentGateway, order: dict[str, Any]) -> None:
    """Charge the card of an order; raises what the last attempt raised."""
    needs = ["validate_products", "check_inventory"]
    paid_with = {"amount": order["amount"], "credit_card": order["credit_card"]}
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with task.step("charge_card", retry_limit=ATTEMPTS, depends_on=needs, inputs=paid_with) as step:
                step.results = {"receipt": gateway.charge(order)}
                publisher.publish_event("order.payment_processed", {"amount": order["amount"], "method": "credit_card"})
        except PaymentGatewayTimeout as error:
            if attempt == ATTEMPTS:
                raise
            step.retry(str(error), backoff_strategy="constant", backoff_seconds=0.1)
            time.sleep(0.1)
        else:
            return


def main() -> None:
    """Go on with each order that comes in; a declined one fails its task and is not handed on."""
    gateway = PaymentGateway()
    with EventPublisher(replace(ProducerSettings.from_env(), service_name="shop-payment")) as publisher:
        for line in sys.stdin:
            job = json.loads(line)
            try:
                with publisher.resume_task(job["task"]) as task:
                    charge_card(publisher, task, gateway, job["order"])
                    print(json.dumps({**job, "task": task.carrier()}), flush=True)
            except CardDeclined:
                print(f"payment    {job['order']['order_id']}: declined", file=sys.stderr)
            else:
                print(f"payment    {job['order']['order_id']}: paid", file=sys.stderr)


if __name__ == "__main__":
    main()
