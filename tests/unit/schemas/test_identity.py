"""Identity: the same occurrence has the same ids everywhere."""

from __future__ import annotations

import re
import time
import uuid
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasker_schemas import identity
from tasker_schemas.identity import (
    completion_span_id,
    event_id_of,
    new_event_id,
    step_span_id,
    task_span_id,
    trace_id_of,
)

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_ids_are_the_first_bytes_of_the_documented_digests() -> None:
    assert trace_id_of("42") == sha256(b"trace:42").hexdigest()[:32]
    assert task_span_id("42") == sha256(b"task:42").hexdigest()[:16]
    assert step_span_id("42", "fetch_cart", 2) == sha256(b"step:42:fetch_cart:2").hexdigest()[:16]
    assert completion_span_id("42") == sha256(b"completed:42").hexdigest()[:16]


@given(st.text(), st.text(), st.integers(1, 100))
def test_ids_have_the_lengths_of_opentelemetry_and_are_never_zero(task: str, step: str, attempt: int) -> None:
    span_ids = [task_span_id(task), step_span_id(task, step, attempt), completion_span_id(task)]
    assert re.fullmatch("[0-9a-f]{32}", trace_id_of(task))
    assert all(re.fullmatch("[0-9a-f]{16}", span_id) for span_id in span_ids)
    assert len(set(span_ids)) == 3


def test_every_attempt_of_every_step_has_a_span_of_its_own() -> None:
    ids = {step_span_id("42", f"s{step}", attempt) for step in range(100) for attempt in range(1, 11)}
    assert len(ids) == 1000


def test_an_id_of_zeros_gives_way_to_the_next_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    digest = bytes(8) + bytes(range(1, 25))
    monkeypatch.setattr(identity, "sha256", lambda _: type("Hash", (), {"digest": lambda _: digest})())
    assert task_span_id("42") == bytes(range(1, 9)).hex()


@given(st.text(), st.integers(0, 2**57))
def test_an_event_id_of_a_history_has_its_millisecond_and_the_bits_of_its_digest(subject: str, timestamp: int) -> None:
    digest = int.from_bytes(sha256(subject.encode()).digest()[:10], "big")
    fixed, milliseconds = 0xF << 76 | 0x3 << 62, min(timestamp // 1000, (1 << 48) - 1)
    expected = milliseconds << 80 | digest & ~fixed | 0x7 << 76 | 0x2 << 62
    assert event_id_of(subject, timestamp) == str(uuid.UUID(int=expected))


@given(st.text(), st.integers(-(2**60), 2**60))
def test_an_event_id_of_a_history_is_a_uuid7_and_never_changes(subject: str, timestamp: int) -> None:
    event_id = event_id_of(subject, timestamp)
    assert UUID7.fullmatch(event_id)
    assert event_id == event_id_of(subject, timestamp)


@given(st.integers(0, 2**53))
def test_an_event_id_tells_its_millisecond(timestamp: int) -> None:
    found = uuid.UUID(event_id_of("run 7", timestamp))
    assert found.version == 7
    assert found.variant == uuid.RFC_4122
    assert found.int >> 80 == timestamp // 1000


def test_fresh_event_ids_are_unique_and_carry_the_present_time() -> None:
    before = time.time_ns() // 1_000_000
    ids = [new_event_id() for _ in range(1000)]
    after = time.time_ns() // 1_000_000
    assert len(set(ids)) == 1000
    assert all(UUID7.fullmatch(event_id) for event_id in ids)
    assert all(before <= uuid.UUID(event_id).int >> 80 <= after for event_id in ids)
