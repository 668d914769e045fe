"""Custom events that a service has described are checked as it described them."""

from typing import Any

import numpy as np
import pytest

from tasker_producer import UsageError
from tasker_producer.record.custom_events import CustomEvent, CustomEvents


@pytest.mark.parametrize(
    ("declared", "value"),
    [(float, 12), (float | None, None), (int, np.int64(5)), (float, np.float32(0.5)), (bool, True), (str, "")],
)
def test_a_value_fits_its_declared_type(declared: Any, value: Any) -> None:
    events = CustomEvents()
    events.register(CustomEvent("order.paid", "", {"amount": declared}))
    events.check("order.paid", {"amount": value})


@pytest.mark.parametrize(
    ("declared", "value"), [(float, True), (int, 1.5), (int, "5"), (str, 5), (int, np.bool_(True))]
)
def test_a_value_of_another_type_is_refused(declared: Any, value: Any) -> None:
    events = CustomEvents()
    events.register(CustomEvent("order.paid", "", {"amount": declared}))
    with pytest.raises(UsageError, match=r"order\.paid: amount is"):
        events.check("order.paid", {"amount": value})


def test_an_event_without_a_description_takes_anything() -> None:
    CustomEvents().check("order.paid", {"amount": object()})
