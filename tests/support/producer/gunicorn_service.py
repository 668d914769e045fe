"""A web service for gunicorn: publishes when it is loaded, which is in the master, and in each worker's requests."""

import os
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

from tasker_producer import default_publisher

default_publisher().publish_task_event("task.cancelled", task_id=f"master-{os.getpid()}")


def app(_environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """Answer with this worker's process id and with the id of the task that it has told of."""
    task_id = uuid4().hex
    default_publisher().publish_task_event("task.cancelled", task_id=task_id)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {task_id}".encode()]
