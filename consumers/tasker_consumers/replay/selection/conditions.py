"""The part of a selection that key and headers decide alone, for a reader that tests them in raw records."""

from collections.abc import Callable
from typing import NamedTuple

from tasker_consumers.replay.selection.event_patterns import is_error, matches_any
from tasker_consumers.replay.selection.selection import Selection
from tasker_schemas.headers import CE_SOURCE, CE_TYPE, TRACEPARENT, read_traceparent

#: Distinct values of a header whose verdicts are kept.
_MOST_VERDICTS = 10_000


class Verdicts(dict[bytes, bool]):
    """Tells for each value of a header whether a record with it may be selected, and remembers."""

    def __init__(self, test: Callable[[bytes], bool]) -> None:
        super().__init__()
        self._test = test

    def __missing__(self, value: bytes) -> bool:
        """Return the verdict of a value that is not kept."""
        verdict = self._test(value)
        if len(self) < _MOST_VERDICTS:
            self[value] = verdict
        return verdict


class Conditions(NamedTuple):
    """No record that does not meet them is selected: the key, pairs that are among the headers, verdicts by header."""

    key: bytes | None
    headers: list[tuple[bytes, bytes]]
    verdicts: list[tuple[bytes, Verdicts]]

    @property
    def decide(self) -> bool:
        """Whether there is any condition."""
        return self.key is not None or bool(self.headers or self.verdicts)


def conditions_of(selection: Selection) -> Conditions:
    """Return the conditions of a selection on key and headers.

    >>> conditions = conditions_of(Selection(task_id="42", events=("step.*",)))
    >>> conditions.key, [(name, verdicts[b"step.failed"]) for name, verdicts in conditions.verdicts]
    (b'42', [(b'ce_type', True)])
    """
    tests: list[tuple[str, Callable[[bytes], bool]]] = []
    if selection.events:
        tests.append((CE_TYPE, lambda value: matches_any(_text(value), selection.events)))
    if selection.errors_only:
        tests.append((CE_TYPE, lambda value: is_error(_text(value))))
    if selection.services:
        tests.append((CE_SOURCE, lambda value: _text(value) in selection.services))
    if selection.trace_id is not None:
        tests.append((TRACEPARENT, lambda value: _can_be_of_trace(value, selection.trace_id)))
    return Conditions(
        None if selection.task_id is None else selection.task_id.encode(),
        [(name.encode(), value.encode()) for name, value in selection.headers],
        [(name.encode(), Verdicts(test)) for name, test in tests],
    )


def _can_be_of_trace(value: bytes, trace_id: str | None) -> bool:
    span = read_traceparent(value)
    return span is None or span.trace_id == trace_id  # without a readable header the key tells


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
