"""Tasker's helpers by name, for each event of the workflow and observability families.

Each takes the task in any form, a step of it as `step`, the fields of its family by keyword, and raises UsageError in
strict mode for a caller's mistake.
"""

from typing import Any, Unpack

from tasker_producer.helpers.typed_fields import ObservabilityFields, WaitingFields, WorkflowFields
from tasker_schemas.names import ObservabilityEvents, WorkflowEvents


class OrchestrationHelpers:
    """The call that the helpers of both families make."""

    def publish_orchestration_event(self, name: str, task: Any = None, *, step: Any = None, **fields: Any) -> None:
        """Publish any workflow or observability event."""
        raise NotImplementedError


class WorkflowHelpers(OrchestrationHelpers):
    """The decisions of the orchestration."""

    def publish_workflow_task_started(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that the orchestration has begun with a task."""
        self.publish_orchestration_event(WorkflowEvents.TASK_STARTED, task, step=step, **fields)

    def publish_workflow_task_completed(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that the orchestration is done with a task (counters as for the task)."""
        self.publish_orchestration_event(WorkflowEvents.TASK_COMPLETED, task, step=step, **fields)

    def publish_workflow_task_failed(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that the orchestration has given a task up (counters as for the task)."""
        self.publish_orchestration_event(WorkflowEvents.TASK_FAILED, task, step=step, **fields)

    def publish_workflow_step_completed(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that a step of a workflow has ended well (`step_id`, `step_name`)."""
        self.publish_orchestration_event(WorkflowEvents.STEP_COMPLETED, task, step=step, **fields)

    def publish_workflow_step_failed(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that a step of a workflow has failed (`step_id`, `step_name`)."""
        self.publish_orchestration_event(WorkflowEvents.STEP_FAILED, task, step=step, **fields)

    def publish_viable_steps_discovered(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that steps are ready (`step_ids`, `step_names`, `step_count`, `processing_mode`)."""
        self.publish_orchestration_event(WorkflowEvents.VIABLE_STEPS_DISCOVERED, task, step=step, **fields)

    def publish_no_viable_steps(self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]) -> None:
        """Say that no step can run now (`reason`)."""
        self.publish_orchestration_event(WorkflowEvents.NO_VIABLE_STEPS, task, step=step, **fields)

    def publish_steps_execution_started(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that a round of steps begins (`step_count`, `processing_mode`)."""
        self.publish_orchestration_event(WorkflowEvents.STEPS_EXECUTION_STARTED, task, step=step, **fields)

    def publish_steps_execution_completed(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that a round of steps is over (`processed_count`, `successful_count`)."""
        self.publish_orchestration_event(WorkflowEvents.STEPS_EXECUTION_COMPLETED, task, step=step, **fields)

    def publish_viable_steps_batch_ready(self, task: Any = None, *, step: Any = None, **fields: Any) -> None:
        """Say that a batch of steps is ready; any other names become attributes."""
        self.publish_orchestration_event(WorkflowEvents.VIABLE_STEPS_BATCH_READY, task, step=step, **fields)

    def publish_orchestration_requested(self, task: Any = None, *, step: Any = None, **fields: Any) -> None:
        """Say that a task asks to be looked at; any other names become attributes."""
        self.publish_orchestration_event(WorkflowEvents.ORCHESTRATION_REQUESTED, task, step=step, **fields)

    def publish_step_execution_failed(self, task: Any = None, *, step: Any = None, **fields: Any) -> None:
        """Say that a step could not even be run; any other names become attributes."""
        self.publish_orchestration_event(WorkflowEvents.STEP_EXECUTION_FAILED, task, step=step, **fields)

    def publish_task_state_unclear(self, task: Any = None, *, step: Any = None, **fields: Any) -> None:
        """Say that a task's state makes no sense; any other names become attributes."""
        self.publish_orchestration_event(WorkflowEvents.TASK_STATE_UNCLEAR, task, step=step, **fields)

    def publish_task_finalization_started(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that a task is being finalized (`processed_steps_count`)."""
        self.publish_orchestration_event(WorkflowEvents.TASK_FINALIZATION_STARTED, task, step=step, **fields)

    def publish_task_finalization_completed(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that a task is finalized (`processed_steps_count`, `final_status`)."""
        self.publish_orchestration_event(WorkflowEvents.TASK_FINALIZATION_COMPLETED, task, step=step, **fields)

    def publish_task_reenqueue_started(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that a task is being put back into its queue (`reason`)."""
        self.publish_orchestration_event(WorkflowEvents.TASK_REENQUEUE_STARTED, task, step=step, **fields)

    def publish_task_reenqueue_requested(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that a task was put back into its queue (`reason`)."""
        self.publish_orchestration_event(WorkflowEvents.TASK_REENQUEUE_REQUESTED, task, step=step, **fields)

    def publish_task_reenqueue_failed(
        self, task: Any = None, *, step: Any = None, error: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that a task could not be put back (`reason`, `error`)."""
        self.publish_orchestration_event(WorkflowEvents.TASK_REENQUEUE_FAILED, task, step=step, error=error, **fields)

    def publish_task_reenqueue_delayed(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WorkflowFields]
    ) -> None:
        """Say that a task waits before it goes on (`delay_seconds`, `scheduled_for`)."""
        self.publish_orchestration_event(WorkflowEvents.TASK_REENQUEUE_DELAYED, task, step=step, **fields)


class ObservabilityHelpers(OrchestrationHelpers):
    """The events for monitoring beside the states."""

    def publish_observability_task_enqueue(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a job for a task was enqueued (`job_id`, `queue_name`, `attempt_number`)."""
        self.publish_orchestration_event(ObservabilityEvents.Task.ENQUEUE, task, step=step, **fields)

    def publish_observability_task_start(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a worker has taken a task up."""
        self.publish_orchestration_event(ObservabilityEvents.Task.START, task, step=step, **fields)

    def publish_observability_task_handle(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a worker handles a task."""
        self.publish_orchestration_event(ObservabilityEvents.Task.HANDLE, task, step=step, **fields)

    def publish_observability_task_finalize(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a worker finalizes a task."""
        self.publish_orchestration_event(ObservabilityEvents.Task.FINALIZE, task, step=step, **fields)

    def publish_observability_task_waiting(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WaitingFields]
    ) -> None:
        """Say that a task waits until its next event (`waiting_for`, `until`, `silence_limit`)."""
        self.publish_orchestration_event(ObservabilityEvents.Task.WAITING, task, step=step, **fields)

    def publish_observability_step_processing(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a worker processes a step."""
        self.publish_orchestration_event(ObservabilityEvents.Step.PROCESSING, task, step=step, **fields)

    def publish_observability_step_progress(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say how far a long step has come (`done` and `total` as `additional_context`)."""
        self.publish_orchestration_event(ObservabilityEvents.Step.PROGRESS, task, step=step, **fields)

    def publish_observability_step_heartbeat(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a long step is still alive."""
        self.publish_orchestration_event(ObservabilityEvents.Step.HEARTBEAT, task, step=step, **fields)

    def publish_observability_step_waiting(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[WaitingFields]
    ) -> None:
        """Say that a step waits until it goes on or ends (`waiting_for`, `until`, `silence_limit`)."""
        self.publish_orchestration_event(ObservabilityEvents.Step.WAITING, task, step=step, **fields)

    def publish_observability_step_handle(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a worker runs a step's handler."""
        self.publish_orchestration_event(ObservabilityEvents.Step.HANDLE, task, step=step, **fields)

    def publish_observability_step_find_viable(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a worker looks for steps that can run."""
        self.publish_orchestration_event(ObservabilityEvents.Step.FIND_VIABLE, task, step=step, **fields)

    def publish_observability_step_backoff(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a step waits before its next attempt (`backoff_seconds`, `backoff_type`)."""
        self.publish_orchestration_event(ObservabilityEvents.Step.BACKOFF, task, step=step, **fields)

    def publish_observability_step_skip(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a step was skipped."""
        self.publish_orchestration_event(ObservabilityEvents.Step.SKIP, task, step=step, **fields)

    def publish_observability_step_max_retries_reached(
        self, task: Any = None, *, step: Any = None, **fields: Unpack[ObservabilityFields]
    ) -> None:
        """Say that a step has no attempt left."""
        self.publish_orchestration_event(ObservabilityEvents.Step.MAX_RETRIES_REACHED, task, step=step, **fields)
