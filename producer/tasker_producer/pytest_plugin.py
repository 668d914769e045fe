"""The fixture for the tests of a service: `pytest_plugins = ["tasker_producer.pytest_plugin"]`."""

import pytest

from tasker_producer.testing import RecordingPublisher


@pytest.fixture
def tasker_events() -> RecordingPublisher:
    """Give the service this publisher, then ask `tasker_events.assert_published("step.completed", step_id="s1")`."""
    return RecordingPublisher()
