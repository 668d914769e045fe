"""Waits in a host whose own sleep does not sleep."""

import time
from itertools import count

import pytest

from tasker_producer.delivery.host import native


@pytest.mark.parametrize("error", [RuntimeError, AssertionError, ImportError])
def test_a_wait_goes_on_whatever_the_sleep_of_the_host_raises(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(_seconds: float) -> None:
        raise error

    looks = count()
    monkeypatch.setattr(time, "sleep", refuse)
    assert native.wait_for(lambda: next(looks) == 3, 60)
    assert next(looks) == 4
