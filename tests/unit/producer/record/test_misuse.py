"""A caller's mistake raises in strict mode; production counts it, logs it once a minute, publishes the rest."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tasker_producer import EventPublisher, OnMisuse, ProducerSettings, UsageError
from tasker_producer.record.misuse import Misuse
from tasker_producer.settings import default_on_misuse
from tasker_producer.testing import RecordingDelivery, RecordingPublisher
from tests.support.producer.hostile import SECRET, Closed, Locked, Mute, Torn

S: dict[str, Any] = {"task_id": "t", "step_id": "s"}
Call = Callable[[Any], object]


@pytest.fixture
def lenient() -> RecordingPublisher:
    return RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.LOG))


def resume(publisher: RecordingPublisher, carrier: Any) -> None:
    with publisher.resume_task(carrier):
        pass


PUBLISHED: list[tuple[Call, str, dict[str, Any]]] = [
    (lambda p: p.publish_step_failed(**S, retry_limit="3"), "step.failed", {"retry_limit": None}),
    (lambda p: p.publish_step_failed(**S, started_at=datetime(2025, 1, 1)), "step.failed", {"started_at": None}),  # noqa: DTZ001
    (lambda p: p.publish_step_failed(task_id=42.0, step_id="s"), "step.failed", {"task_id": "42.0"}),
    (lambda p: p.publish_step_failed(task_id="t", step_id=b"5"), "step.failed", {"step_id": "5"}),
    (lambda p: p.publish_step_failed(**S, no_such_field=1), "step.failed", {}),
    (lambda p: p.publish_step_failed(**S, attempt_number=0), "step.failed", {"attempt_number": 1}),
    (lambda p: p.publish_step_failed(**S, attempt_number="2"), "step.failed", {"attempt_number": 1}),
    (lambda p: p.publish_step_failed(**S, event_id=1.5), "step.failed", {"event_id": "1.5"}),
    (lambda p: p.publish_step_failed(**S, depends_on=[1.5]), "step.failed", {"depends_on": ["1.5"]}),
    (lambda p: p.publish_step_failed(**S, depends_on="s0"), "step.failed", {"depends_on": None}),
    (lambda p: p.publish_step_failed(**S, additional_context=Locked(a=1)), "step.failed", {"attributes": {}}),
    (lambda p: p.publish_step_failed(Closed(), **S), "step.failed", {}),
    (lambda p: p.publish_event("a.b", Torn()), "a.b", {}),
    (lambda p: p.publish_event("a.b", {}, trace="00-…"), "a.b", {}),
    (lambda p: p.publish_event("a.b", {}, trace={"traceparent": "x"}), "a.b", {}),
    (lambda p: p.publish_event("a.b", {}, key=Mute()), "a.b", {}),
    (lambda p: p.publish_event("a.b", amount=5), "a.b", {"attributes": {}}),
    (lambda p: p.publish_event("Task.Completed", {"task_id": "t"}), "task.completed", {"task_id": "t"}),
    (lambda p: resume(p, None), "task.completed", {"task_name": "resumed_task"}),
    (lambda p: resume(p, {"traceparent": "x"}), "task.completed", {"task_name": "resumed_task"}),
]
DROPPED: list[Call] = [
    lambda p: p.publish_step_failed(task_id="t"),
    lambda p: p.publish_step_failed(step_id="s"),
    lambda p: p.publish_task_failed(task_id=Mute()),
    lambda p: p.publish_task_failed(task_id=""),
    lambda p: p.publish_event("task.finished", {"task_id": 1}),
    lambda p: p.publish_event("nodot"),
    lambda p: p.publish_event(7),
    lambda p: p.publish_event(["a.b"]),
    lambda p: p.publish_task_event("Task.Finished", task_id=1),
]


@pytest.mark.parametrize(("call", "name", "fields"), PUBLISHED)
def test_production_publishes_what_strict_mode_refuses_without_the_mistake(
    lenient: RecordingPublisher, call: Call, name: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(UsageError):
        call(RecordingPublisher())
    call(lenient)
    lenient.assert_published(name, **fields)
    assert lenient.stats()["misused"] == 1
    assert lenient.stats()["dropped_misuse"] == 0


@pytest.mark.parametrize("call", DROPPED)
def test_production_drops_and_counts_an_event_without_identity(lenient: RecordingPublisher, call: Call) -> None:
    with pytest.raises(UsageError):
        call(RecordingPublisher())
    call(lenient)
    assert lenient.events == []
    assert lenient.stats()["dropped_misuse"] == 1


def test_a_mistake_is_logged_once_for_each_line_of_the_service(
    lenient: RecordingPublisher, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        lenient.publish_event("nodot")
    lenient.publish_event("nodot")
    assert len(caplog.records) == 2
    assert all(f"{__file__}:" in record.getMessage() for record in caplog.records)
    assert "Error publishing event nodot : misuse: " in caplog.text
    assert lenient.stats()["dropped_misuse"] == 4


def test_a_log_filter_that_raises_does_not_reach_the_caller(lenient: RecordingPublisher) -> None:
    def refuse(_: logging.LogRecord) -> bool:
        raise ValueError

    log = logging.getLogger("tasker_producer")
    log.addFilter(refuse)
    try:
        lenient.publish_event("nodot")
    finally:
        log.removeFilter(refuse)
    assert lenient.stats()["misused"] == 1


def test_the_lenient_form_shares_its_counts_with_the_strict_one() -> None:
    misuse = Misuse(strict=True)
    misuse.lenient.report(UsageError("wrong"))
    misuse.silent.report(UsageError("wrong again"))
    assert misuse.stats() == misuse.lenient.stats() == {"misused": 1, "dropped_misuse": 0}
    with pytest.raises(UsageError):
        misuse.report(UsageError("wrong"))


def test_a_refused_value_tells_no_secret(lenient: RecordingPublisher, caplog: pytest.LogCaptureFixture) -> None:
    lenient.publish_task_completed(task_id=1, total_steps=f"password={SECRET}")  # type: ignore[arg-type]
    assert caplog.records
    assert SECRET not in caplog.text


def test_the_mode_comes_from_the_setting_then_the_variable_then_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TASKER_ON_MISUSE", raising=False)
    assert default_on_misuse() is OnMisuse.RAISE  # this is a test
    assert default_on_misuse(environ={}) is OnMisuse.LOG
    assert default_on_misuse(OnMisuse.RAISE, {}) is OnMisuse.RAISE
    monkeypatch.setenv("TASKER_ON_MISUSE", "log")
    assert not RecordingPublisher().misuse.strict
    assert RecordingPublisher(ProducerSettings(on_misuse=OnMisuse.RAISE)).misuse.strict
    assert ProducerSettings.from_env({"TASKER_ON_MISUSE": "Raise"}).on_misuse is OnMisuse.RAISE
    assert not EventPublisher(ProducerSettings(), RecordingDelivery()).misuse.strict
