"""A task's state as entries of a table: one entry for a small task; a head and a part per bucket for a large task.

The entries are JSON lists without names. `dump` puts the head last: until the head is written, the previous state
holds, and the next delivery corrects parts that are newer than their head. Only when a state shrinks the head comes
first, and the parts are deleted after it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson

from tasker_consumers.stats.core.critical_path import Path
from tasker_consumers.stats.core.state import ErrorFact, StatusEvent, TaskState, TraceCarrier
from tasker_consumers.stats.core.summary import Summary
from tasker_consumers.stats.core.table import Bucket, Frozen, StepTable, empty_bucket
from tasker_schemas.waiting import Sign

Read = Callable[[bytes], bytes | None]

_SMALL, _LARGE, _FROZEN = 0, 1, 2


def load(key: bytes, read: Read) -> TaskState | None:
    """Return the state that `dump` wrote under a key, None if the key has no entry; parts are read on demand."""
    head = read(key)
    if head is None:
        return None
    *scalars, carrier, status_event, first_error, events, kind, steps = orjson.loads(head)
    state = TaskState(key.decode(), *scalars)
    state.carrier = carrier and TraceCarrier(*carrier)
    state.status_event = status_event and StatusEvent(*status_event)
    state.first_error = first_error and ErrorFact(*first_error)
    state.events = set(events)
    state.signs = {step_id: Sign(*sign) for step_id, sign in (state.signs or {}).items()}
    if kind == _SMALL:
        state.steps.buckets[0] = _bucket(steps)
    elif kind == _LARGE:
        summaries = {int(index): Summary(*summary) for index, summary in steps.items()}
        state.steps = StepTable(summaries, partial(_read_part, key, read))
    else:
        summary, path, minutes = steps
        state.steps.frozen = Frozen(Summary(*summary), path and Path(*path), minutes)
    return state


def read_name_and_time(head: bytes) -> tuple[str | None, int | None]:
    """Return a task's name and the time of its last event, which costs less than its whole state."""
    name, last_event_at, *_ = orjson.loads(head)
    return name, last_event_at


def dump(key: bytes, state: TaskState) -> Mapping[bytes, bytes | None]:
    """Return the entries to write, in this order; None deletes. Unchanged parts are left out."""
    table = state.steps
    if state.forgotten:
        return {**_without_parts(key, state), key: None}
    entries: dict[bytes, bytes | None] = {}
    steps: Any
    if table.frozen is not None:
        summary, path, minutes = table.frozen
        kind, steps = _FROZEN, (summary.row(), path and tuple(path), minutes)
        # The new head needs no parts. In the other order a crash in between would lose the parts' facts.
        head = orjson.dumps([*_head_row(state), kind, steps])
        return {key: head, **_without_parts(key, state)}
    if table.spread:
        kind, steps = _LARGE, {str(index): summary.row() for index, summary in table.summaries().items()}
        for index in table.touched:
            entries[part_key(key, index)] = orjson.dumps(_bucket_row(table.buckets[index]))
    else:
        kind, steps = _SMALL, _bucket_row(table.buckets[0])
    entries[key] = orjson.dumps([*_head_row(state), kind, steps])
    return entries


def _without_parts(key: bytes, state: TaskState) -> dict[bytes, bytes | None]:
    return {part_key(key, index): None for index in state.steps.summaries()} if state.steps.spread else {}


def part_key(key: bytes, index: int) -> bytes:
    r"""Return the key of one part of a large task's state.

    >>> part_key(b"42", 7)
    b'42\x00\x07'
    """
    return key + b"\x00" + bytes([index])


def _head_row(state: TaskState) -> list[Any]:
    return [
        state.name,
        state.last_event_at,
        state.created_at,
        state.queued_at,
        state.started_at,
        state.start_requested_at,
        state.handled_at,
        state.announced,
        state.abandoned_after,
        state.last_heard_at,
        state.first_heard_at,
        state.silence_limit_s,
        {step_id: tuple(sign) for step_id, sign in state.signs.items()} or None,
        state.carrier and tuple(state.carrier),
        state.status_event and tuple(state.status_event),
        state.first_error and tuple(state.first_error),
        list(state.events),
    ]


def _read_part(key: bytes, read: Read, index: int) -> Bucket:
    part = read(part_key(key, index))
    return empty_bucket() if part is None else _bucket(orjson.loads(part))


def _bucket(row: list[Any]) -> Bucket:
    events, steps = row
    return Bucket(set(events), steps, {})


def _bucket_row(bucket: Bucket) -> list[Any]:
    return [list(bucket.events), bucket.rows()]
