"""Log lines say in which task and step they were written."""

import logging

import pytest

from tasker_producer.contrib.logging import TaskerLogFilter
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.identity import trace_id_of


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> logging.Logger:
    caplog.handler.addFilter(TaskerLogFilter())
    return logging.getLogger("shop")


def test_a_line_inside_a_step_carries_its_ids(log: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    with RecordingPublisher().task("order", task_id=42) as task, task.step("pay", step_id="s"):
        log.warning("paid")
    ids = {"task_id": "42", "step_id": "s", "attempt_number": 1, "trace_id": trace_id_of("42")}
    assert ids.items() <= vars(caplog.records[0]).items()


def test_a_line_outside_of_blocks_has_none_and_own_values_stay(
    log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    log.warning("idle", extra={"task_id": "mine"})
    ids = {"task_id": "mine", "step_id": None, "attempt_number": None, "trace_id": None}
    assert ids.items() <= vars(caplog.records[0]).items()
