"""Names: the reserved ones are a closed set, all others are a service's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas.errors import UsageError
from tasker_schemas.names import RESERVED_NAMES, Family, event_type_of, family_of


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_a_reserved_name_begins_with_its_family(name: str) -> None:
    assert family_of(name) == name.partition(".")[0]


@pytest.mark.parametrize(
    "name", ["task.finished", "step.done", "workflow.x", "observability.task.x", "custom.x", "task."]
)
def test_an_unknown_name_in_a_reserved_family_is_the_callers_mistake(name: str) -> None:
    with pytest.raises(UsageError, match="not in the catalogue"):
        family_of(name)


@pytest.mark.parametrize("name", ["", "order", ".paid", "order."])
def test_a_custom_name_needs_a_dot_between_two_parts(name: str) -> None:
    with pytest.raises(UsageError, match=r"at least one dot, like 'order\.payment_processed'"):
        family_of(name)


@given(st.from_regex(r"[a-z]{1,10}(\.[a-z_]{1,10}){1,3}", fullmatch=True))
def test_any_other_dotted_name_is_a_custom_event(name: str) -> None:
    if name.partition(".")[0] not in set(Family):
        assert family_of(name) is Family.CUSTOM
        assert event_type_of(name) == "custom"
