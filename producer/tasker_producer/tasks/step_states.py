"""The steps of a task in this process: the fields that name them, the numbers of their attempts, and their states."""

from collections.abc import Iterable
from itertools import count, islice
from typing import Any

from tasker_producer.record.fields import MAX_ITEMS, NO_LIST
from tasker_producer.record.misuse import Misuse
from tasker_schemas.errors import UsageError
from tasker_schemas.identity import new_event_id
from tasker_schemas.names import State

# Python 3.11 looks members of an enumeration up slowly.
_IN_PROGRESS = State.IN_PROGRESS
_NEVER_BEGUN = (0, State.PENDING)


def step_fields(
    misuse: Misuse, name: Any, step_id: Any, retry_limit: int | None, depends_on: Iterable[Any] | None
) -> dict[str, Any]:
    """Return the fields that describe a step in each of its events.

    `step_id` defaults to the name. Raises UsageError, in strict mode, for a name or id that has no text.
    """
    step_name = misuse.identifier("name", name)
    identity = step_name if step_id is None else misuse.identifier("step_id", step_id)
    return {
        "step_id": identity or step_name or new_event_id(),
        "step_name": step_name,
        "retry_limit": retry_limit,
        "depends_on": None if depends_on is None else _listed(depends_on),
    }


def _listed(values: Iterable[Any]) -> Any:
    """Return the items of an iterable once for all events of a step; the value itself if it is no such thing."""
    try:
        return values if isinstance(values, NO_LIST) else list(islice(values, MAX_ITEMS + 1))
    except Exception:  # noqa: BLE001  the value's own code runs here, and its field's converter reports it
        return values


class AttemptNumbers:
    """Numbers the attempts of each step of a task as they are entered, from any thread.

    >>> numbers = AttemptNumbers(first=1)
    >>> numbers.next("pay"), numbers.next("pay"), numbers.next("ship")
    (1, 2, 1)
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._counters: dict[str, count[int]] = {}

    def next(self, step_id: str) -> int:
        """Return the number of the next attempt of a step."""
        return next(self._counters.setdefault(step_id, count(self._first)))

    def continue_after(self, step_id: str, number: int) -> None:
        """Let the next attempt have the number after this."""
        self._counters[step_id] = count(number + 1)


class StepStates:
    """The states of a task's steps; `first_attempt` is the number of each step's first attempt."""

    def __init__(self, first_attempt: int) -> None:
        self._attempts = AttemptNumbers(first_attempt)
        self._states: dict[str, tuple[int, State]] = {}

    def begin_attempt(self, step_id: str, number: int | None, misuse: Misuse) -> int:
        """Return the number of an attempt of a step that begins: the caller's, else the next number.

        Raises UsageError, in strict mode, for a number below 1, and for a step with an attempt that is still open.
        """
        if number is not None:
            if type(number) is int and number > 0:
                self._attempts.continue_after(step_id, number)
                return number
            misuse.report(UsageError("attempt_number is a whole number from 1"))
        if self._states.get(step_id, _NEVER_BEGUN)[1] is _IN_PROGRESS:
            mistake = f"step {step_id!r}: an attempt of it is still open; give each of several steps a step_id"
            misuse.report(UsageError(mistake))
        return self._attempts.next(step_id)

    def note_state(self, step_id: str, attempt: int, state: State) -> None:
        """Remember the state of a step; that of the latest attempt holds."""
        if attempt >= self._states.get(step_id, _NEVER_BEGUN)[0]:
            self._states[step_id] = (attempt, state)

    def in_state(self, state: State) -> list[str]:
        """Return the ids of the steps in a state."""
        states = list(self._states.items())  # at once: other threads may enter steps
        return [step_id for step_id, (_, present) in states if present is state]

    def counters(self, total_steps: int) -> dict[str, int]:
        """Return the numbers of all, completed, failed and pending steps of a task that has at least `total_steps`."""
        total = max(total_steps, len(self._states))
        completed, failed = len(self.in_state(State.COMPLETE)), len(self.in_state(State.ERROR))
        pending = total - completed - failed - len(self.in_state(State.CANCELLED))
        return {
            "total_steps": total,
            "completed_steps": completed,
            "failed_steps": failed,
            "pending_steps": pending,
        }
