"""Tasker's helpers by name, one for each event of the workflow and observability families.

Each takes the task and what `publish_event` takes, and raises UsageError for a caller's mistake.
"""

from typing import Any

from tasker_producer.helpers.entities import observed_fields
from tasker_schemas.names import ObservabilityEvents, WorkflowEvents


class EventHelpers:
    """What all helpers here do: name the task, publish the rest."""

    def publish_event(self, name: str, payload: dict[str, Any] | None = None, **fields: Any) -> None:
        """Publish any event."""
        raise NotImplementedError

    def _observed(self, name: str, task: Any, fields: dict[str, Any]) -> None:
        about, options = observed_fields(task, fields)
        self.publish_event(name, about, **options)


class WorkflowHelpers(EventHelpers):
    """What the orchestration decides."""

    def publish_workflow_task_started(self, task: Any = None, **fields: Any) -> None:
        """Say that the orchestration has begun with a task."""
        self._observed(WorkflowEvents.TASK_STARTED, task, fields)

    def publish_workflow_task_completed(self, task: Any = None, **fields: Any) -> None:
        """Say that the orchestration is done with a task (counters as for the task)."""
        self._observed(WorkflowEvents.TASK_COMPLETED, task, fields)

    def publish_workflow_task_failed(self, task: Any = None, **fields: Any) -> None:
        """Say that the orchestration has given a task up (counters as for the task)."""
        self._observed(WorkflowEvents.TASK_FAILED, task, fields)

    def publish_workflow_step_completed(self, task: Any = None, **fields: Any) -> None:
        """Say that a step of a workflow has ended well (`step_id`, `step_name`)."""
        self._observed(WorkflowEvents.STEP_COMPLETED, task, fields)

    def publish_workflow_step_failed(self, task: Any = None, **fields: Any) -> None:
        """Say that a step of a workflow has failed (`step_id`, `step_name`)."""
        self._observed(WorkflowEvents.STEP_FAILED, task, fields)

    def publish_viable_steps_discovered(self, task: Any = None, **fields: Any) -> None:
        """Say that steps are ready (`step_ids`, `step_names`, `step_count`, `processing_mode`)."""
        self._observed(WorkflowEvents.VIABLE_STEPS_DISCOVERED, task, fields)

    def publish_no_viable_steps(self, task: Any = None, **fields: Any) -> None:
        """Say that no step can run now (`reason`)."""
        self._observed(WorkflowEvents.NO_VIABLE_STEPS, task, fields)

    def publish_steps_execution_started(self, task: Any = None, **fields: Any) -> None:
        """Say that a round of steps begins (`step_count`, `processing_mode`)."""
        self._observed(WorkflowEvents.STEPS_EXECUTION_STARTED, task, fields)

    def publish_steps_execution_completed(self, task: Any = None, **fields: Any) -> None:
        """Say that a round of steps is over (`processed_count`, `successful_count`)."""
        self._observed(WorkflowEvents.STEPS_EXECUTION_COMPLETED, task, fields)

    def publish_viable_steps_batch_ready(self, task: Any = None, **fields: Any) -> None:
        """Say that a batch of steps is ready; any other names become attributes."""
        self._observed(WorkflowEvents.VIABLE_STEPS_BATCH_READY, task, fields)

    def publish_orchestration_requested(self, task: Any = None, **fields: Any) -> None:
        """Say that a task asks to be looked at; any other names become attributes."""
        self._observed(WorkflowEvents.ORCHESTRATION_REQUESTED, task, fields)

    def publish_step_execution_failed(self, task: Any = None, **fields: Any) -> None:
        """Say that a step could not even be run; any other names become attributes."""
        self._observed(WorkflowEvents.STEP_EXECUTION_FAILED, task, fields)

    def publish_task_state_unclear(self, task: Any = None, **fields: Any) -> None:
        """Say that a task's state makes no sense; any other names become attributes."""
        self._observed(WorkflowEvents.TASK_STATE_UNCLEAR, task, fields)

    def publish_task_finalization_started(self, task: Any = None, **fields: Any) -> None:
        """Say that a task is being finalized (`processed_steps_count`)."""
        self._observed(WorkflowEvents.TASK_FINALIZATION_STARTED, task, fields)

    def publish_task_finalization_completed(self, task: Any = None, **fields: Any) -> None:
        """Say that a task is finalized (`processed_steps_count`, `final_status`)."""
        self._observed(WorkflowEvents.TASK_FINALIZATION_COMPLETED, task, fields)

    def publish_task_reenqueue_started(self, task: Any = None, **fields: Any) -> None:
        """Say that a task is being put back into its queue (`reason`)."""
        self._observed(WorkflowEvents.TASK_REENQUEUE_STARTED, task, fields)

    def publish_task_reenqueue_requested(self, task: Any = None, **fields: Any) -> None:
        """Say that a task was put back into its queue (`reason`)."""
        self._observed(WorkflowEvents.TASK_REENQUEUE_REQUESTED, task, fields)

    def publish_task_reenqueue_failed(self, task: Any = None, **fields: Any) -> None:
        """Say that a task could not be put back (`reason`, `error_message`)."""
        self._observed(WorkflowEvents.TASK_REENQUEUE_FAILED, task, fields)

    def publish_task_reenqueue_delayed(self, task: Any = None, **fields: Any) -> None:
        """Say that a task waits before it goes on (`delay_seconds`, `scheduled_for`)."""
        self._observed(WorkflowEvents.TASK_REENQUEUE_DELAYED, task, fields)


class ObservabilityHelpers(EventHelpers):
    """What monitoring wants to know beside the states."""

    def publish_observability_task_enqueue(self, task: Any = None, **fields: Any) -> None:
        """Say that a job for a task was enqueued (`job_id`, `queue_name`, `attempt_number`)."""
        self._observed(ObservabilityEvents.Task.ENQUEUE, task, fields)

    def publish_observability_task_start(self, task: Any = None, **fields: Any) -> None:
        """Say that a worker has taken a task up."""
        self._observed(ObservabilityEvents.Task.START, task, fields)

    def publish_observability_task_handle(self, task: Any = None, **fields: Any) -> None:
        """Say that a worker handles a task."""
        self._observed(ObservabilityEvents.Task.HANDLE, task, fields)

    def publish_observability_task_finalize(self, task: Any = None, **fields: Any) -> None:
        """Say that a worker finalizes a task."""
        self._observed(ObservabilityEvents.Task.FINALIZE, task, fields)

    def publish_observability_step_processing(self, task: Any = None, **fields: Any) -> None:
        """Say that a worker processes a step."""
        self._observed(ObservabilityEvents.Step.PROCESSING, task, fields)

    def publish_observability_step_handle(self, task: Any = None, **fields: Any) -> None:
        """Say that a worker runs a step's handler."""
        self._observed(ObservabilityEvents.Step.HANDLE, task, fields)

    def publish_observability_step_find_viable(self, task: Any = None, **fields: Any) -> None:
        """Say that a worker looks for steps that can run."""
        self._observed(ObservabilityEvents.Step.FIND_VIABLE, task, fields)

    def publish_observability_step_backoff(self, task: Any = None, **fields: Any) -> None:
        """Say that a step waits before its next attempt (`backoff_seconds`, `backoff_type`)."""
        self._observed(ObservabilityEvents.Step.BACKOFF, task, fields)

    def publish_observability_step_skip(self, task: Any = None, **fields: Any) -> None:
        """Say that a step was skipped."""
        self._observed(ObservabilityEvents.Step.SKIP, task, fields)

    def publish_observability_step_max_retries_reached(self, task: Any = None, **fields: Any) -> None:
        """Say that a step has no attempt left."""
        self._observed(ObservabilityEvents.Step.MAX_RETRIES_REACHED, task, fields)
