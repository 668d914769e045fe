"""Tasker's helpers by name, for each event of the task and step families.

Each takes a task or step in any form, the fields of its family by keyword, and raises UsageError in strict mode for a
caller's mistake. Without `error` a failure describes the exception that is being handled.
"""

from typing import Any, Unpack

from tasker_producer.helpers.typed_fields import StepFields, TaskFields
from tasker_schemas.names import StepEvents, TaskEvents


class TaskHelpers:
    """The events of a task."""

    def publish_task_event(self, name: str, task: Any = None, **fields: Any) -> None:
        """Publish any event about a task."""
        raise NotImplementedError

    def publish_task_initialize_requested(self, task: Any = None, **fields: Unpack[TaskFields]) -> None:
        """Say that a task is being created; give `context` and `total_steps` as far as known."""
        self.publish_task_event(TaskEvents.INITIALIZE_REQUESTED, task, **fields)

    def publish_task_started(self, task: Any = None, **fields: Unpack[TaskFields]) -> None:
        """Say that a task begins to run."""
        self.publish_task_event(TaskEvents.START_REQUESTED, task, **fields)

    def publish_task_completed(self, task: Any = None, **fields: Unpack[TaskFields]) -> None:
        """Say that a task has ended well."""
        self.publish_task_event(TaskEvents.COMPLETED, task, **fields)

    def publish_task_failed(self, task: Any = None, *, error: Any = None, **fields: Unpack[TaskFields]) -> None:
        """Say that a task has failed; `error` fills class, message and backtrace."""
        self.publish_task_event(TaskEvents.FAILED, task, error=error, **fields)

    def publish_task_retry_requested(self, task: Any = None, **fields: Unpack[TaskFields]) -> None:
        """Say that a failed task will run again (`retry_reason`)."""
        self.publish_task_event(TaskEvents.RETRY_REQUESTED, task, **fields)

    def publish_task_cancelled(self, task: Any = None, **fields: Unpack[TaskFields]) -> None:
        """Say that a task was cancelled (`cancellation_reason`)."""
        self.publish_task_event(TaskEvents.CANCELLED, task, **fields)

    def publish_task_resolved_manually(self, task: Any = None, **fields: Unpack[TaskFields]) -> None:
        """Say that somebody settled a task by hand (`resolved_by`)."""
        self.publish_task_event(TaskEvents.RESOLVED_MANUALLY, task, **fields)


class StepHelpers(TaskHelpers):
    """The events of an attempt of a step."""

    def publish_step_event(self, name: str, step: Any = None, **fields: Any) -> None:
        """Publish any event about an attempt of a step."""
        raise NotImplementedError

    def publish_step_initialize_requested(
        self, step: Any = None, *, task: Any = None, **fields: Unpack[StepFields]
    ) -> None:
        """Say that a step is known to be coming."""
        self.publish_step_event(StepEvents.INITIALIZE_REQUESTED, step, task=task, **fields)

    def publish_step_execution_requested(
        self, step: Any = None, *, task: Any = None, **fields: Unpack[StepFields]
    ) -> None:
        """Say that a step is queued for execution (`step_inputs`)."""
        self.publish_step_event(StepEvents.EXECUTION_REQUESTED, step, task=task, **fields)

    def publish_step_before_handle(self, step: Any = None, *, task: Any = None, **fields: Unpack[StepFields]) -> None:
        """Say that a step is about to be processed."""
        self.publish_step_event(StepEvents.BEFORE_HANDLE, step, task=task, **fields)

    def publish_step_handle(self, step: Any = None, *, task: Any = None, **fields: Unpack[StepFields]) -> None:
        """Say that a step's handler runs (`started_at`)."""
        self.publish_step_event(StepEvents.HANDLE, step, task=task, **fields)

    def publish_step_completed(self, step: Any = None, *, task: Any = None, **fields: Unpack[StepFields]) -> None:
        """Say that a step has ended well (`step_results`, `execution_duration`)."""
        self.publish_step_event(StepEvents.COMPLETED, step, task=task, **fields)

    def publish_step_failed(
        self, step: Any = None, *, task: Any = None, error: Any = None, **fields: Unpack[StepFields]
    ) -> None:
        """Say that a step has failed; `error` fills class, message and backtrace."""
        self.publish_step_event(StepEvents.FAILED, step, task=task, error=error, **fields)

    def publish_step_retry_requested(self, step: Any = None, *, task: Any = None, **fields: Unpack[StepFields]) -> None:
        """Say that a step will be tried again; `attempt_number` is that of the attempt asked for."""
        self.publish_step_event(StepEvents.RETRY_REQUESTED, step, task=task, **fields)

    def publish_step_max_retries_reached(
        self, step: Any = None, *, task: Any = None, error: Any = None, **fields: Unpack[StepFields]
    ) -> None:
        """Say that a step has no attempt left; `error` fills class and message."""
        self.publish_step_event(StepEvents.MAX_RETRIES_REACHED, step, task=task, error=error, **fields)

    def publish_step_cancelled(self, step: Any = None, *, task: Any = None, **fields: Unpack[StepFields]) -> None:
        """Say that a step was cancelled (`cancellation_reason`)."""
        self.publish_step_event(StepEvents.CANCELLED, step, task=task, **fields)

    def publish_step_resolved_manually(
        self, step: Any = None, *, task: Any = None, **fields: Unpack[StepFields]
    ) -> None:
        """Say that somebody settled a step by hand (`resolved_by`)."""
        self.publish_step_event(StepEvents.RESOLVED_MANUALLY, step, task=task, **fields)
