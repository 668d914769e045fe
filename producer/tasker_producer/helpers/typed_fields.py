"""The keyword fields of the helpers, as types: a misspelt or misplaced field fails the service's type check.

Each class names the fields of a family's record; a test holds them to the schemas. A field that is None counts as
absent.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import Enum
from typing import Any, TypedDict
from uuid import UUID

from opentelemetry.trace import SpanContext

from tasker_producer.record.moments import Moment
from tasker_schemas.headers import TraceHeaders

Id = str | int | UUID | Enum
Trace = TraceHeaders | SpanContext | Mapping[str, str] | str


class EventOptions(TypedDict, total=False):
    """The options that every publish call takes."""

    event_type: str | Enum | None
    timestamp: Moment | None
    event_id: Id | None
    trace: Trace | None
    additional_context: Mapping[str, Any] | None


class CommonFields(EventOptions, total=False):
    """The fields that every record has."""

    task_id: Id | None
    task_name: str | Enum | None
    correlation_id: str | Enum | None
    attributes: Mapping[str, Any] | None


class ErrorFields(CommonFields, total=False):
    """The fields of an error in the records that have them; `error=` fills all of them."""

    error_message: str | Enum | None
    error_class: str | Enum | None
    error_chain: Iterable[Mapping[str, Any]] | None
    error_notes: Iterable[str] | None
    error_group: str | None
    errors_dropped: int | None


class TaskFields(ErrorFields, total=False):
    """The fields of an event about a task."""

    context: Any
    from_state: str | None
    to_state: str | None
    started_at: Moment | None
    completed_at: Moment | None
    execution_duration: float | timedelta | None
    total_steps: int | None
    completed_steps: int | None
    failed_steps: int | None
    pending_steps: int | None
    backtrace: Iterable[str] | str | None
    error_steps: Iterable[Id] | None
    retry_reason: str | Enum | None
    cancellation_reason: str | Enum | None
    resolved_by: str | Enum | None
    parent_task_id: Id | None


class StepFields(ErrorFields, total=False):
    """The fields of an event about an attempt of a step."""

    step_id: Id | None
    step_name: str | Enum | None
    attempt_number: int | None
    retry_limit: int | None
    depends_on: Iterable[Id] | None
    step_inputs: Any
    started_at: Moment | None
    completed_at: Moment | None
    execution_duration: float | timedelta | None
    step_results: Any
    backtrace: Iterable[str] | str | None
    previous_attempts: int | None
    retry_reason: str | Enum | None
    backoff_strategy: str | Enum | None
    backoff_seconds: float | timedelta | None
    cancellation_reason: str | Enum | None
    resolved_by: str | Enum | None
    queue_name: str | Enum | None


class WorkflowFields(ErrorFields, total=False):
    """The fields of an event about the orchestration."""

    total_steps: int | None
    completed_steps: int | None
    failed_steps: int | None
    pending_steps: int | None
    started_at: Moment | None
    completed_at: Moment | None
    execution_duration: float | timedelta | None
    step_id: Id | None
    step_name: str | Enum | None
    step_ids: Iterable[Id] | None
    step_names: Iterable[str] | None
    step_count: int | None
    processing_mode: str | Enum | None
    processed_count: int | None
    successful_count: int | None
    processed_steps_count: int | None
    final_status: str | Enum | None
    reason: str | Enum | None
    delay_seconds: float | timedelta | None
    scheduled_for: Moment | None


class ObservabilityFields(CommonFields, total=False):
    """The fields of an event for monitoring."""

    step_id: Id | None
    step_name: str | Enum | None
    attempt_number: int | None
    job_id: str | Enum | None
    queue_name: str | Enum | None
    backoff_seconds: float | timedelta | None
    backoff_type: str | Enum | None


class WaitingFields(ObservabilityFields, total=False):
    """The fields of an event for monitoring, and what a task or step waits for; see `TaskScope.wait_for`."""

    waiting_for: str | Enum | None
    until: Moment | None
    silence_limit: float | timedelta | None
