"""Runs every Python block of a page in a process that has an installed wheel and the frameworks that the page names.

    python -I run_examples.py PAGE [SECONDS]

It waits so long for each example's events to leave; without a number it waits for no Kafka that is away.
The last line of its output is JSON: for each block the answers of its framework, and the counts of its publisher.
"""

import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import tasker_producer
from tasker_producer import EventPublisher, default_publisher

Names = dict[str, Any]


def drive_fastapi(names: Names) -> list[Any]:
    """Make a request that works, and a request whose body the view cannot read."""
    from fastapi.testclient import TestClient  # noqa: PLC0415  only where a page needs it

    with TestClient(names["app"], raise_server_exceptions=False) as client:
        answers = [client.post("/orders/46", json=["book"]), client.post("/orders/47", content=b"no json")]
    return [answer.status_code for answer in answers]


def drive_celery(names: Names) -> list[Any]:
    """Send a job to a worker, and wait for its result."""
    from celery.contrib.testing.worker import start_worker  # noqa: PLC0415

    with start_worker(names["app"], perform_ping_check=False, pool="solo", loglevel="CRITICAL"):
        names["order"](47)
        return [names["ship_order"].delay(48).get(timeout=60)]


def drive_django(names: Names) -> list[Any]:
    """Make a request that works, and a request whose view raises."""
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.urls import path  # noqa: PLC0415

    routes = [path("checkout", names["checkout"]), path("refund", names["refund"])]
    sys.modules["routes"] = ModuleType("routes")
    vars(sys.modules["routes"])["urlpatterns"] = routes
    settings.configure(
        ALLOWED_HOSTS=["*"],
        SECRET_KEY="test",
        ROOT_URLCONF="routes",
        MIDDLEWARE=names["MIDDLEWARE"],
        LOGGING_CONFIG=None,
    )
    django.setup()
    client = Client(raise_request_exception=False)
    return [client.post(f"/{view}").status_code for view in ("checkout", "refund")]


def drive_carrier(names: Names) -> list[Any]:
    """Give the next block of the page the carrier that it goes on with."""
    names["carrier"] = names["task"].carrier()
    names["publisher"] = EventPublisher()
    return []


DRIVERS = {"fastapi": drive_fastapi, "celery": drive_celery, "django": drive_django, "block 1": drive_carrier}


def run(name: str, code: str, known: Names, close_s: float | None) -> Names:
    """Run a block as a module, drive its framework, and return its answers and the counts of its publisher."""
    default_publisher.cache_clear()
    module = ModuleType(f"example_{name}")
    sys.modules[module.__name__] = module  # frameworks look their functions' annotations up there
    names = vars(module)
    names.update(known)
    exec(compile(code, f"block {name}", "exec"), names)
    publisher = names.get("publisher") or default_publisher()
    answers = DRIVERS[name](names) if name in DRIVERS else []
    used = [publisher, default_publisher()] if name in {"celery", "django", "events"} else [publisher]
    left = sum(each.close(close_s) for each in {id(each): each for each in used}.values())
    counts = publisher.stats()
    known.update({key: names[key] for key in ("carrier", "publisher") if name == "block 1"})
    return {"answers": answers, "left": left, **{key: counts[key] for key in ("published", "delivered", "dropped")}}


def main() -> None:
    """Run the blocks of the page in their order."""
    blocks = re.findall(
        r"^```python\n(?:# ([\w-]+)\n)?(.*?)^```$", Path(sys.argv[1]).read_text(), re.MULTILINE | re.DOTALL
    )
    known: Names = {}
    close_s = float(sys.argv[2]) if sys.argv[2:] else None
    found = {name or f"block {number}": code for number, (name, code) in enumerate(blocks, start=1)}
    told = {name: run(name, code, known, close_s) for name, code in found.items()}
    sys.stdout.write(json.dumps({"from": tasker_producer.__file__, "blocks": told}) + "\n")


if __name__ == "__main__":
    main()
