"""A state is stored under the keys that the changelog has always had, and reads back as it was."""

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.telemetry.policy import Policy
from tasker_consumers.telemetry.ready_spans import ready_spans
from tests.support.scale import SCALE
from tests.support.telemetry.histories import Told, folded, order, records


@given(st.lists(records(), min_size=1, max_size=12), st.booleans())
@settings(max_examples=50 * SCALE)
def test_a_state_reads_back_as_it_was_written(history: list[Told], exports: bool) -> None:
    state = folded(history)
    if exports:
        ready_spans(state, Policy(grace_s=5), 7)
    table = {key: value for key, value in state.dump().items() if value is not None}
    again = TaskState.load(state.key, table.get)
    assert again is not None
    assert again.head == state.head
    assert again.dump() == table


def test_the_keys_of_a_stored_head_are_those_of_older_workers() -> None:
    state = folded(order())
    ready_spans(state)
    stored = orjson.loads(state.dump()[state.key] or b"")
    assert stored.keys() >= {"task_id", "facts", "extras", "context", "frozen", "told", "start", "open", "bucket"}
    assert stored["bucket"]["steps"]["charge"].keys() == {"1", "2"}
    assert stored["bucket"]["steps"]["charge"]["2"].keys() == {"facts", "told", "span_id", "rank"}
