"""A Celery service with a queue of files: publishes when it is loaded, and goes on with tasks in its children."""

import os
from pathlib import Path
from typing import Any

from celery import Celery

from tasker_producer import default_publisher
from tests.support.processes import eventually

CHILDREN = 2

queue = Path(os.environ["CELERY_QUEUE_DIR"])
app = Celery("shop", broker="filesystem://")
folders = {name: str(queue) for name in ("data_folder_in", "data_folder_out", "processed_folder", "control_folder")}
options = {**folders, "polling_interval": 0.05}
app.conf.update(broker_transport_options=options, task_ignore_result=True, worker_prefetch_multiplier=1)

default_publisher().publish_event("worker.loaded", {"pid": os.getpid()})


@app.task(bind=True, name="ship")  # type: ignore[untyped-decorator]
def ship(self: Any) -> None:
    """Go on with the task whose carrier is in the message's headers, once all children have one to go on with."""
    (queue / f"child-{os.getpid()}").touch()
    assert eventually(lambda: len(list(queue.glob("child-*"))) == CHILDREN)
    with default_publisher().resume_task(self.request.headers, final=True) as task, task.step("ship") as step:
        step.results = {"pid": os.getpid()}
