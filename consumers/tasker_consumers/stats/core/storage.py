"""A task's state as entries of a table: one for a small task; a head and one part for each bucket of a large one.

The entries are JSON, lists without names. The head comes last in `dump`: as long as it is not written, the state before
holds, and parts that are newer than their head are put right by the next delivery. Only when a state shrinks it comes
first: what it no longer needs goes after it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson

from tasker_consumers.stats.core.critical_path import Path
from tasker_consumers.stats.core.state import Carrier, ErrorFact, Stand, TaskState
from tasker_consumers.stats.core.summary import Summary
from tasker_consumers.stats.core.table import Bucket, Frozen, StepTable

Read = Callable[[bytes], bytes | None]

_SMALL, _LARGE, _FROZEN = 0, 1, 2


def load(key: bytes, read: Read) -> TaskState | None:
    """Return the state that `dump` wrote under a key, None if there is none; parts are read when they are needed."""
    head = read(key)
    if head is None:
        return None
    *scalars, carrier, stand, first_error, events, kind, steps = orjson.loads(head)
    state = TaskState(key.decode(), *scalars)
    state.carrier = carrier and Carrier(*carrier)
    state.stand = stand and Stand(*stand)
    state.first_error = first_error and ErrorFact(*first_error)
    state.events = set(events)
    if kind == _SMALL:
        state.steps.buckets[0] = _bucket(steps)
    elif kind == _LARGE:
        summaries = {int(index): Summary(*summary) for index, summary in steps.items()}
        state.steps = StepTable(summaries, partial(_read_part, key, read))
    else:
        summary, path, minutes = steps
        state.steps.frozen = Frozen(Summary(*summary), path and Path(*path), minutes)
    return state


def glance(head: bytes) -> tuple[str | None, int | None]:
    """Return only a task's name and when it was last heard of, which costs less than its whole state."""
    name, last_event_at, *_ = orjson.loads(head)
    return name, last_event_at


def dump(key: bytes, state: TaskState) -> Mapping[bytes, bytes | None]:
    """Return the entries to write, in this order; None deletes. Parts that were not touched are left out."""
    table = state.steps
    if state.forgotten:
        return {**_without_parts(key, state), key: None}
    entries: dict[bytes, bytes | None] = {}
    steps: Any
    if table.frozen is not None:
        summary, path, minutes = table.frozen
        kind, steps = _FROZEN, (summary.row(), path and tuple(path), minutes)
        # This head needs no parts any more: the other way round, a crash in between would lose what they say.
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
        state.touched_at,
        state.seen_at,
        state.carrier and tuple(state.carrier),
        state.stand and tuple(state.stand),
        state.first_error and tuple(state.first_error),
        list(state.events),
    ]


def _read_part(key: bytes, read: Read, index: int) -> Bucket:
    part = read(part_key(key, index))
    return Bucket() if part is None else _bucket(orjson.loads(part))


def _bucket(row: list[Any]) -> Bucket:
    events, steps = row
    return Bucket(set(events), steps)


def _bucket_row(bucket: Bucket) -> list[Any]:
    return [list(bucket.events), bucket.rows()]
