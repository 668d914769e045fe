"""The ids of an occurrence: the same in any process and on any replay.

Trace and span ids are the first bytes of SHA-256 over what they stand for, so that a crash, a second delivery or a
missing header can never give an attempt two spans.
"""

import os
import random
import time
from hashlib import sha256

_LAST_MILLISECOND = (1 << 48) - 1  # the last that a UUIDv7 has room for


def trace_id_of(task_id: str) -> str:
    """Return the trace id (32 hex digits) of a task that was created outside any trace.

    >>> trace_id_of("task_123")
    'beef2b948b66615329d651312c926475'
    """
    return _id(f"trace:{task_id}", 16)


def task_span_id(task_id: str) -> str:
    """Return the id (16 hex digits) of a task's span."""
    return _id(f"task:{task_id}", 8)


def step_span_id(task_id: str, step_id: str, attempt: int) -> str:
    """Return the id (16 hex digits) of the span of an attempt of a step; attempts count from 1."""
    return _id(f"step:{task_id}:{step_id}:{attempt}", 8)


def completion_span_id(task_id: str) -> str:
    """Return the id (16 hex digits) of the span that marks a task's end."""
    return _id(f"completed:{task_id}", 8)


def _id(subject: str, size: int) -> str:
    digest = sha256(subject.encode()).digest()
    part = digest[:size]
    while not part.strip(b"\0"):  # OpenTelemetry forbids an id of zeros: take the next bytes then
        digest = digest[size:]
        part = digest[:size]
    return part.hex()


# Ids identify, they do not protect. So a generator of our own will do, without a system call for each event: it is
# seeded from the system, again in each forked child, and nobody else's `random.seed(…)` can touch it.
_generator = random.Random()  # noqa: S311  no secret depends on it
os.register_at_fork(after_in_child=_generator.seed)


def new_event_id() -> str:
    """Return a fresh UUIDv7 (RFC 9562): ids sort by the millisecond they were made in.

    >>> len(new_event_id()), new_event_id()[14]
    (36, '7')
    """
    milliseconds = time.time_ns() // 1_000_000
    return _uuid7(milliseconds, _generator.getrandbits(80))


def event_id_of(subject: str, timestamp: int) -> str:
    """Return the UUIDv7 that always stands for `subject` at `timestamp` (microseconds): for histories imported twice.

    >>> event_id_of("run 7, event 1", 1_700_000_000_000_000) == event_id_of("run 7, event 1", 1_700_000_000_000_000)
    True
    """
    random_bits = int.from_bytes(sha256(subject.encode()).digest()[:10], "big")
    return _uuid7(min(max(0, timestamp // 1000), _LAST_MILLISECOND), random_bits)


def _uuid7(milliseconds: int, random_bits: int) -> str:
    upper, last = random_bits >> 48, random_bits & 0xFFFFFFFFFFFF
    third, fourth = 0x7000 | upper >> 16 & 0xFFF, 0x8000 | upper & 0x3FFF  # version 7 and its variant
    return f"{milliseconds >> 16:08x}-{milliseconds & 0xFFFF:04x}-{third:04x}-{fourth:04x}-{last:012x}"
