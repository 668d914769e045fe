"""structlog's lines say in which task and step they were written."""

import structlog

from tasker_producer.contrib.structlog import add_block_fields
from tasker_producer.testing import RecordingPublisher


def test_the_processor_adds_the_ids_of_the_block_around_a_line() -> None:
    lines = structlog.testing.LogCapture()
    log = structlog.wrap_logger(None, processors=[add_block_fields, lines])
    log.info("idle")
    with RecordingPublisher().task("order", task_id=42) as task, task.step("pay"):
        log.info("paid", step_id="mine")
    assert lines.entries[0] == {"event": "idle", "log_level": "info"}
    assert lines.entries[1].items() >= {"task_id": "42", "step_id": "mine", "attempt_number": 1}.items()
