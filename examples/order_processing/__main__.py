"""A small shop that publishes what happens to its orders: four processes, each a service of its own.

    KAFKA_BOOTSTRAP_SERVERS=localhost:9092 python examples/order_processing

An order is a task. `web.py` takes it and begins the task; `inventory.py`, `payment.py` and `shipping.py` go on with it
and do their steps. Between them runs the simplest queue there is, JSON lines through a pipe, and with each order goes
its task's context, so that all four tell one story:

    fetch_cart ─┬─ validate_products ─┬─ charge_card ── create_shipment ── send_confirmation
                └─ check_inventory ───┘

Of the five orders one meets a payment gateway that answers only the second time, and one card is declined for good.
"""

import os
import subprocess
import sys
from pathlib import Path

WORKERS = ("web.py", "inventory.py", "payment.py", "shipping.py")


def main() -> int:
    """Run the shop until its last order is done; return an exit code."""
    if not os.environ.get("KAFKA_BOOTSTRAP_SERVERS") and not os.environ.get("KAFKA_BOOTSTRAP_SERVERS_FILE"):
        print("KAFKA_BOOTSTRAP_SERVERS is not set: give the brokers as host:port,host:port", file=sys.stderr)
        return 2
    workers: list[subprocess.Popen[bytes]] = []
    for script in WORKERS:
        # Each worker reads what the one before writes, as in a shell's `web.py | inventory.py | …`.
        before = workers[-1].stdout if workers else subprocess.DEVNULL
        after = None if script == WORKERS[-1] else subprocess.PIPE
        command = [sys.executable, str(Path(__file__).resolve().parent / script)]
        workers.append(subprocess.Popen(command, stdin=before, stdout=after))
        if workers[1:] and (handed_over := workers[-2].stdout):
            handed_over.close()  # ours is one copy too many: the reader's end must be seen by the writer
    return max(abs(worker.wait()) for worker in workers)


if __name__ == "__main__":
    sys.exit(main())
