"""The catalogue, written down a second time by hand: what a service may rely on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tasker_schemas.catalogue import CATALOGUE, STATE_AFTER, fields_of, markdown_rows
from tasker_schemas.names import (
    RESERVED_NAMES,
    Family,
    ObservabilityEvents,
    State,
    StepEvents,
    TaskEvents,
    WorkflowEvents,
)

COMMON = {
    "event_id", "event_name", "event_type", "timestamp", "task_id", "task_name", "correlation_id", "attributes",
    "service", "producer",
}  # fmt: skip
STEP = {"step_id", "step_name", "attempt_number", "retry_limit", "depends_on"}
COUNTERS = {"total_steps", "completed_steps", "failed_steps", "pending_steps"}
ENDED = {"started_at", "completed_at", "execution_duration"}
FAILURE = {"error_message", "error_class", "backtrace"}

TASK_EVENTS = {
    "task.initialize_requested": {"context", "total_steps", "from_state", "to_state"},
    "task.start_requested": {"started_at", "context"},
    "task.completed": ENDED | COUNTERS,
    "task.failed": ENDED | COUNTERS | FAILURE | {"error_steps"},
    "task.retry_requested": {"retry_reason"},
    "task.cancelled": {"cancellation_reason"},
    "task.resolved_manually": {"resolved_by"},
}
STEP_EVENTS = {
    "step.initialize_requested": STEP,
    "step.execution_requested": STEP | {"step_inputs"},
    "step.before_handle": STEP,
    "step.handle": STEP | {"started_at"},
    "step.completed": STEP | ENDED | {"step_results"},
    "step.failed": STEP | ENDED | FAILURE,
    "step.retry_requested": STEP | {"previous_attempts", "retry_reason", "backoff_strategy", "backoff_seconds"},
    "step.max_retries_reached": STEP | {"error_message", "error_class"},
    "step.cancelled": STEP | {"cancellation_reason"},
    "step.resolved_manually": STEP | {"resolved_by"},
}
WORKFLOW_EVENTS: dict[str, set[str]] = {
    "workflow.task_started": COUNTERS,
    "workflow.task_completed": COUNTERS | ENDED,
    "workflow.task_failed": COUNTERS | ENDED,
    "workflow.step_completed": {"step_id", "step_name"},
    "workflow.step_failed": {"step_id", "step_name"},
    "workflow.viable_steps_discovered": {"step_ids", "step_names", "step_count", "processing_mode"},
    "workflow.no_viable_steps": {"reason"},
    "workflow.steps_execution_started": {"step_count", "processing_mode"},
    "workflow.steps_execution_completed": {"processed_count", "successful_count"},
    "workflow.viable_steps_batch_ready": set(),
    "workflow.orchestration_requested": set(),
    "workflow.step_execution_failed": set(),
    "workflow.task_state_unclear": set(),
    "workflow.task_finalization_started": {"processed_steps_count", "final_status"},
    "workflow.task_finalization_completed": {"processed_steps_count", "final_status"},
    "workflow.task_reenqueue_started": {"reason", "delay_seconds", "scheduled_for", "error_message"},
    "workflow.task_reenqueue_requested": {"reason", "delay_seconds", "scheduled_for", "error_message"},
    "workflow.task_reenqueue_failed": {"reason", "delay_seconds", "scheduled_for", "error_message"},
    "workflow.task_reenqueue_delayed": {"reason", "delay_seconds", "scheduled_for", "error_message"},
}
OBSERVABILITY_EVENTS: dict[str, set[str]] = {
    "observability.task.enqueue": {"job_id", "queue_name", "attempt_number"},
    "observability.task.start": set(),
    "observability.task.handle": set(),
    "observability.task.finalize": set(),
    "observability.task.waiting": set(),
    "observability.step.processing": {"step_id", "step_name"},
    "observability.step.progress": {"step_id", "step_name", "attempt_number"},
    "observability.step.heartbeat": {"step_id", "step_name", "attempt_number"},
    "observability.step.waiting": {"step_id", "step_name", "attempt_number"},
    "observability.step.handle": {"step_id", "step_name"},
    "observability.step.find_viable": set(),
    "observability.step.backoff": {"step_id", "backoff_seconds", "backoff_type"},
    "observability.step.skip": {"step_id", "step_name"},
    "observability.step.max_retries_reached": {"step_id", "step_name"},
}
BY_FAMILY = {
    Family.TASK: TASK_EVENTS,
    Family.STEP: STEP_EVENTS,
    Family.WORKFLOW: WORKFLOW_EVENTS,
    Family.OBSERVABILITY: OBSERVABILITY_EVENTS,
}
EVENT_TYPES = {
    "task.initialize_requested": "initialize", "task.start_requested": "started", "task.completed": "completed",
    "task.failed": "failed", "task.retry_requested": "retry", "task.cancelled": "cancelled",
    "step.execution_requested": "execution", "step.handle": "started", "step.completed": "completed",
    "step.failed": "failed", "step.retry_requested": "retry", "step.cancelled": "cancelled",
}  # fmt: skip
STATES_OF_EVENTS = {
    State.PENDING: {"task.initialize_requested", "task.retry_requested", "step.initialize_requested",
                    "step.execution_requested", "step.retry_requested"},
    State.IN_PROGRESS: {"task.start_requested", "step.before_handle", "step.handle"},
    State.COMPLETE: {"task.completed", "step.completed"},
    State.ERROR: {"task.failed", "step.failed", "step.max_retries_reached"},
    State.CANCELLED: {"task.cancelled", "step.cancelled"},
    State.RESOLVED_MANUALLY: {"task.resolved_manually", "step.resolved_manually"},
}  # fmt: skip


def test_the_catalogue_knows_exactly_the_promised_events() -> None:
    assert CATALOGUE.keys() == {name for events in BY_FAMILY.values() for name in events}


@pytest.mark.parametrize("family", BY_FAMILY)
def test_the_record_of_a_family_has_room_for_all_its_events(family: Family) -> None:
    promised = COMMON.union(*BY_FAMILY[family].values())
    assert promised - fields_of(family) == set()


@pytest.mark.parametrize("family", BY_FAMILY)
def test_every_event_is_filed_under_its_family(family: Family) -> None:
    assert {spec.family for name, spec in CATALOGUE.items() if name in BY_FAMILY[family]} == {family}


def test_custom_events_carry_the_common_fields() -> None:
    assert fields_of(Family.CUSTOM) >= COMMON


def test_event_types_are_the_short_forms_that_consumers_match() -> None:
    assert {name: CATALOGUE[name].event_type for name in EVENT_TYPES} == EVENT_TYPES


def test_only_task_and_step_events_lead_to_the_promised_states() -> None:
    assert dict(STATE_AFTER) == {name: state for state, names in STATES_OF_EVENTS.items() for name in names}


def test_the_constants_have_the_names_that_users_of_tasker_know() -> None:
    assert [
        TaskEvents.START_REQUESTED,
        StepEvents.MAX_RETRIES_REACHED,
        WorkflowEvents.VIABLE_STEPS_DISCOVERED,
        ObservabilityEvents.Task.ENQUEUE,
        ObservabilityEvents.Step.PROCESSING,
    ] == [
        "task.start_requested",
        "step.max_retries_reached",
        "workflow.viable_steps_discovered",
        "observability.task.enqueue",
        "observability.step.processing",
    ]


def test_the_table_of_events_has_a_row_for_every_name() -> None:
    assert CATALOGUE.keys() == RESERVED_NAMES


@pytest.mark.parametrize("family", BY_FAMILY)
def test_every_event_carries_the_promised_fields_and_its_record_has_them(family: Family) -> None:
    common = COMMON | (STEP if family is Family.STEP else set())
    for name, promised in BY_FAMILY[family].items():
        carried = set(CATALOGUE[name].carries)
        assert promised - common - carried == set(), name
        assert carried - fields_of(family) == set(), name


@pytest.mark.parametrize("family", BY_FAMILY)
def test_the_page_of_events_is_the_table(family: Family) -> None:
    page = (Path(__file__).parents[2] / "docs" / "events.md").read_text()
    assert "\n".join(markdown_rows(family)) in page


WITH_A_NEW_EVENT = """
import json
from tasker_schemas import event_table
from tasker_schemas.names import Family, State
row = event_table.EventSpec(
    name="step.aborted", family=Family.STEP, description="Aborted.", state=State.CANCELLED, order=12, outcome=True,
    carries=("started_at", "cancellation_reason"),
)
event_table.EVENTS += (row,)
from tasker_consumers.stats.core.fold import recompute
from tasker_schemas.catalogue import markdown_rows
from tests.support.telemetry import histories
from tasker_consumers.telemetry.rebuild import spans_of
step = {"task_id": "42", "step_id": "a", "attempt_number": 1, "started_at": 1_000_000, "completed_at": 3_000_000,
        "cancellation_reason": "no stock"}
event = {"event_id": "e", "event_name": "step.aborted", "timestamp": 3_000_000, **step}
stats = recompute([event])["42"]
histories.family_of = lambda _: Family.STEP
(span,) = [s for s in spans_of([histories.told("step.aborted", 3, **step)]) if s.attributes.get("step_id") == "a"]
documented = any("aborted" in row for row in markdown_rows(Family.STEP))
from tasker_producer.helpers.entities import EntityReader
from tasker_producer.record.misuse import Misuse
read = EntityReader(Misuse(strict=True)).step_fields("step.aborted", {"started_at": 5})
print(json.dumps([stats["cancelled_steps"], span.attributes["status"], span.events[0].attributes, read, documented]))
"""


def test_a_new_row_is_known_to_the_producer_to_both_folds_and_to_the_documentation() -> None:
    ended = subprocess.run([sys.executable, "-c", WITH_A_NEW_EVENT], capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    told = {"cancellation_reason": "no stock"}
    assert json.loads(ended.stdout) == [1, "cancelled", told, {"started_at": 5}, True]
