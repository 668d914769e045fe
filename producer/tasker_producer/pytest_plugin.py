"""The fixture for the tests of a service: `pytest_plugins = ["tasker_producer.pytest_plugin"]`."""

from collections.abc import Iterator

import pytest

from tasker_producer.default_publisher import use_publisher
from tasker_producer.testing import RecordingPublisher
from tasker_producer.trace.task_traces import forget_traces


@pytest.fixture
def tasker_events() -> Iterator[RecordingPublisher]:
    """Replace `default_publisher()` during a test by a publisher that keeps its events.

    Traces of tasks of earlier tests are forgotten.

    >>> tasker_events.assert_published("step.completed", step_id="s1")  # doctest: +SKIP
    """
    forget_traces()
    publisher = RecordingPublisher()
    with use_publisher(publisher):
        yield publisher
