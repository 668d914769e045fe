"""The fixture for the tests of a service: `pytest_plugins = ["tasker_producer.pytest_plugin"]`."""

from collections.abc import Iterator

import pytest

from tasker_producer.default_publisher import use_publisher
from tasker_producer.testing import RecordingPublisher


@pytest.fixture
def tasker_events() -> Iterator[RecordingPublisher]:
    """Replace `default_publisher()` during a test by a publisher that keeps its events.

    >>> tasker_events.assert_published("step.completed", step_id="s1")  # doctest: +SKIP
    """
    publisher = RecordingPublisher()
    with use_publisher(publisher):
        yield publisher
