"""Tasker's helpers by name, one for each event of the task and step families.

Each takes what `publish_task_event` or `publish_step_event` takes, and raises UsageError for a caller's mistake.
"""

from typing import Any

from tasker_producer.record.error_fields import error_fields
from tasker_schemas.names import StepEvents, TaskEvents


class TaskHelpers:
    """What happens to a task."""

    def publish_task_event(self, name: str, task: Any = None, **fields: Any) -> None:
        """Publish any event about a task."""
        raise NotImplementedError

    def _error(self, error: BaseException | None) -> dict[str, Any]:
        """Return the fields that describe an error."""
        return {} if error is None else error_fields(error, self._backtrace_frames())

    def _backtrace_frames(self) -> int:
        """Return how many frames of a backtrace are kept."""
        raise NotImplementedError

    def publish_task_initialize_requested(self, task: Any = None, **fields: Any) -> None:
        """Say that a task is being created; give `context` and `total_steps` as far as known."""
        self.publish_task_event(TaskEvents.INITIALIZE_REQUESTED, task, **fields)

    def publish_task_started(self, task: Any = None, **fields: Any) -> None:
        """Say that a task begins to run."""
        self.publish_task_event(TaskEvents.START_REQUESTED, task, **fields)

    def publish_task_completed(self, task: Any = None, **fields: Any) -> None:
        """Say that a task has ended well."""
        self.publish_task_event(TaskEvents.COMPLETED, task, **fields)

    def publish_task_failed(self, task: Any = None, *, error: BaseException | None = None, **fields: Any) -> None:
        """Say that a task has failed; `error` fills class, message and backtrace."""
        self.publish_task_event(TaskEvents.FAILED, task, **self._error(error), **fields)

    def publish_task_retry_requested(self, task: Any = None, **fields: Any) -> None:
        """Say that a failed task will run again (`retry_reason`)."""
        self.publish_task_event(TaskEvents.RETRY_REQUESTED, task, **fields)

    def publish_task_cancelled(self, task: Any = None, **fields: Any) -> None:
        """Say that a task was cancelled (`cancellation_reason`)."""
        self.publish_task_event(TaskEvents.CANCELLED, task, **fields)

    def publish_task_resolved_manually(self, task: Any = None, **fields: Any) -> None:
        """Say that somebody settled a task by hand (`resolved_by`)."""
        self.publish_task_event(TaskEvents.RESOLVED_MANUALLY, task, **fields)


class StepHelpers(TaskHelpers):
    """What happens to one attempt of a step."""

    def publish_step_event(self, name: str, step: Any = None, **fields: Any) -> None:
        """Publish any event about one attempt of a step."""
        raise NotImplementedError

    def publish_step_initialize_requested(self, step: Any = None, *, task: Any = None, **fields: Any) -> None:
        """Say that a step is known to be coming."""
        self.publish_step_event(StepEvents.INITIALIZE_REQUESTED, step, task=task, **fields)

    def publish_step_execution_requested(self, step: Any = None, *, task: Any = None, **fields: Any) -> None:
        """Say that a step is queued for execution (`step_inputs`)."""
        self.publish_step_event(StepEvents.EXECUTION_REQUESTED, step, task=task, **fields)

    def publish_step_before_handle(self, step: Any = None, *, task: Any = None, **fields: Any) -> None:
        """Say that a step is about to be processed."""
        self.publish_step_event(StepEvents.BEFORE_HANDLE, step, task=task, **fields)

    def publish_step_handle(self, step: Any = None, *, task: Any = None, **fields: Any) -> None:
        """Say that a step's handler runs (`started_at`)."""
        self.publish_step_event(StepEvents.HANDLE, step, task=task, **fields)

    def publish_step_completed(self, step: Any = None, *, task: Any = None, **fields: Any) -> None:
        """Say that a step has ended well (`step_results`, `execution_duration`)."""
        self.publish_step_event(StepEvents.COMPLETED, step, task=task, **fields)

    def publish_step_failed(
        self, step: Any = None, *, task: Any = None, error: BaseException | None = None, **fields: Any
    ) -> None:
        """Say that a step has failed; `error` fills class, message and backtrace."""
        self.publish_step_event(StepEvents.FAILED, step, task=task, **self._error(error), **fields)

    def publish_step_retry_requested(self, step: Any = None, *, task: Any = None, **fields: Any) -> None:
        """Say that a step will be tried again; `attempt_number` is that of the attempt asked for."""
        self.publish_step_event(StepEvents.RETRY_REQUESTED, step, task=task, **fields)

    def publish_step_max_retries_reached(
        self, step: Any = None, *, task: Any = None, error: BaseException | None = None, **fields: Any
    ) -> None:
        """Say that a step has no attempt left; `error` fills class and message."""
        self.publish_step_event(StepEvents.MAX_RETRIES_REACHED, step, task=task, **self._error(error), **fields)

    def publish_step_cancelled(self, step: Any = None, *, task: Any = None, **fields: Any) -> None:
        """Say that a step was cancelled (`cancellation_reason`)."""
        self.publish_step_event(StepEvents.CANCELLED, step, task=task, **fields)

    def publish_step_resolved_manually(self, step: Any = None, *, task: Any = None, **fields: Any) -> None:
        """Say that somebody settled a step by hand (`resolved_by`)."""
        self.publish_step_event(StepEvents.RESOLVED_MANUALLY, step, task=task, **fields)
