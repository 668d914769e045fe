"""Fixtures of all unit tests of the producer."""

import pytest

from tasker_producer.trace.task_traces import forget_traces


@pytest.fixture(autouse=True)
def _unknown_tasks() -> None:
    """Forget the tasks of other tests, which have the same ids."""
    forget_traces()
