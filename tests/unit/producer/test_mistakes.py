"""What a caller does wrong, and what a caller's objects do, comes back as UsageError and tells no secret."""

from collections.abc import Callable
from itertools import repeat

import pytest

from tasker_producer import UsageError
from tasker_producer.testing import RecordingPublisher
from tests.support.producer.hostile import SECRET, Closed, HostileError, Locked, Torn, Undecided


@pytest.mark.parametrize(
    "call",
    [
        lambda publisher: publisher.publish_event(7, {}),
        lambda publisher: publisher.publish_event(["order.paid"], {}),
        lambda publisher: publisher.publish_event("order.paid", Torn()),
        lambda publisher: publisher.publish_event("order.paid", {}, additional_context=Locked(a=1)),
        lambda publisher: publisher.publish_task_event([], task_id=1),
        lambda publisher: publisher.publish_task_cancelled(Closed()),
        lambda publisher: publisher.publish_task_cancelled(task_id=Closed()),
        lambda publisher: publisher.publish_task_cancelled({"id": 1}, timestamp=f"password={SECRET}"),
        lambda publisher: publisher.publish_step_failed({"id": "s"}, task={"id": 1}, error_message=HostileError()),
        lambda publisher: publisher.publish_step_failed({"id": "s"}, task={"id": 1}, attributes=Undecided()),
    ],
)
def test_a_callers_mistake_and_a_hostile_object_raise_usage_error_only(
    call: Callable[[RecordingPublisher], None],
) -> None:
    publisher = RecordingPublisher()
    with pytest.raises(UsageError) as told:
        call(publisher)
    assert SECRET not in str(told.value)
    assert not publisher.events


def test_a_list_without_an_end_is_cut_and_reported() -> None:
    publisher = RecordingPublisher()
    publisher.publish_viable_steps_discovered({"id": 1}, step_ids=repeat("s"))
    assert publisher.events[0].fields["truncated"] == ["step_ids"]
