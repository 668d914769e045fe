"""An attempt of a step as a `with` block."""

from typing import Any, Protocol

from tasker_producer.record.arguments import Call, Options
from tasker_producer.record.misuse import Misuse
from tasker_producer.tasks.block import Block, BlockPublisher
from tasker_producer.tasks.outcomes import ErrorTypes, Outcome, reason_of, retry_fields
from tasker_producer.trace.context import step_trace
from tasker_producer.trace.current import Activation, CurrentBlock, activate
from tasker_schemas.headers import TraceHeaders
from tasker_schemas.names import ObservabilityEvents, State, StepEvents

_END_OF = {
    Outcome.COMPLETED: (str(StepEvents.COMPLETED), State.COMPLETE),
    Outcome.FAILED: (str(StepEvents.FAILED), State.ERROR),
    Outcome.CANCELLED: (str(StepEvents.CANCELLED), State.CANCELLED),
    Outcome.RETRIED: (str(StepEvents.RETRY_REQUESTED), State.PENDING),
}


# Python 3.11 looks members of an enumeration up slowly, and names in dicts faster if they are plain text.
_FAILED, _CANCELLED, _RETRIED = Outcome.FAILED, Outcome.CANCELLED, Outcome.RETRIED
_HANDLE, _IN_PROGRESS = str(StepEvents.HANDLE), State.IN_PROGRESS


class StepTask(Protocol):
    """The part of a task that its steps need."""

    publisher: BlockPublisher
    trace: TraceHeaders
    flags: int | None
    replaces_span: bool

    @property
    def task_id(self) -> str:
        """The id of the task."""
        ...

    def block(self) -> CurrentBlock:
        """Return the fields that events inside the task inherit."""
        ...

    def begin_attempt(self, step_id: str, number: int | None, misuse: Misuse) -> int:
        """Return the number of an attempt that begins."""
        ...

    def note_state(self, step_id: str, attempt: int, state: State) -> None:
        """Remember the state of a step."""
        ...


class StepScope(Block):
    """An attempt of a step; set `results` inside, and add business data to `additional_context`.

    `attempt_number` counts from 1 and is 0 before the block is entered. `fields` name the task and describe the step.
    """

    attempt_number = 0
    results: Any = None
    _skipped = False

    def __init__(
        self, task: StepTask, fields: dict[str, Any], inputs: Any, attempt_number: int | None, expected: ErrorTypes
    ) -> None:
        super().__init__(task.publisher, expected)
        self.task = task
        self.step_id: str = fields["step_id"]
        self._fields = fields
        self._inputs = inputs
        self._asked_attempt = attempt_number

    @property
    def task_id(self) -> str:
        """The id of the task that the step belongs to."""
        return self.task.task_id

    def retry(
        self, reason: str | None = None, *, backoff_strategy: str | None = None, backoff_seconds: float | None = None
    ) -> int:
        """Say that this step will be tried again; return the number of the attempt that is asked for."""
        requested = self.attempt_number + 1
        self._publish_retry(
            {"retry_reason": reason, "backoff_strategy": backoff_strategy, "backoff_seconds": backoff_seconds},
            self.publisher.misuse,
        )
        return requested

    def skip(self, reason: str | None = None) -> None:
        """End the step as skipped when the block is left: it is cancelled, and an event says that it was skipped."""
        self._skipped = True
        self.cancel(reason if reason is not None else "skipped")

    def progress(self, done: float, total: float | None = None) -> None:
        """Say how far a long step has come, in units of the service's own, such as rows."""
        self._publish_sign(ObservabilityEvents.Step.PROGRESS, {"done": done, "total": total})

    def heartbeat(self) -> None:
        """Say that a long step is still alive."""
        self._publish_sign(ObservabilityEvents.Step.HEARTBEAT, {})

    def _publish_start(self, misuse: Misuse) -> None:
        task = self.task
        number = task.begin_attempt(self.step_id, self._asked_attempt, misuse)
        self.attempt_number = number
        self._fields["attempt_number"] = number
        self.trace = step_trace(task.trace, task.task_id, self.step_id, number)
        started = self._started_at
        fields = {"started_at": started, "step_inputs": self._inputs}
        self._publish(_HANDLE, fields, misuse, timestamp=started)
        task.note_state(self.step_id, number, _IN_PROGRESS)

    def _publish_end(self, outcome: Outcome, reason: Any, misuse: Misuse) -> None:
        name, state = _END_OF[outcome]
        self.task.note_state(self.step_id, self.attempt_number, state)
        if outcome is _RETRIED:
            self._publish_retry(retry_fields(reason), misuse)
            return
        fields = self._times()
        fields["step_results"] = self.results
        error = reason if outcome is _FAILED else None
        if outcome is _CANCELLED:
            fields["cancellation_reason"] = reason_of(reason) if isinstance(reason, BaseException) else reason
            if self._skipped:
                self._publish_sign(ObservabilityEvents.Step.SKIP, {"reason": reason})
        self._publish(name, fields, misuse, timestamp=fields["completed_at"], error=error)

    def _publish_retry(self, fields: dict[str, Any], misuse: Misuse) -> None:
        requested = self.attempt_number + 1
        task = self.task
        next_trace = step_trace(task.trace, task.task_id, self.step_id, requested)
        attempts = {"attempt_number": requested, "previous_attempts": self.attempt_number}
        self._publish(StepEvents.RETRY_REQUESTED, {**fields, **attempts}, misuse, trace=next_trace)

    def _publish_waiting(self, attributes: dict[str, Any]) -> None:
        self._publish_sign(ObservabilityEvents.Step.WAITING, attributes)

    def _publish_sign(self, name: str, attributes: dict[str, Any]) -> None:
        context = {key: value for key, value in attributes.items() if value is not None}
        identity = {key: self._fields[key] for key in ("step_id", "step_name")}
        fields = {**identity, "task_id": self.task_id, "attempt_number": self.attempt_number}
        call = Call(fields, Options(trace=self.trace), context or None)
        self.publisher.submit(name, call, self.publisher.misuse)

    def _publish(
        self,
        name: str,
        fields: dict[str, Any],
        misuse: Misuse,
        *,
        timestamp: int | None = None,
        trace: TraceHeaders | None = None,
        error: Any = None,
    ) -> None:
        options = Options(timestamp=timestamp, trace=trace or self.trace, is_complete=True)
        call = Call({**self._fields, **fields}, options, self._business_context())
        self.publisher.submit(name, call, misuse, error)

    def _activate(self) -> Activation:
        task = self.task
        outer = task.block()
        block = CurrentBlock(
            outer.task_id,
            outer.task_name,
            outer.correlation_id,
            outer.task_trace,
            self.step_id,
            self._fields["step_name"],
            self.attempt_number,
            self.trace,
        )
        return activate(block, self, flags=task.flags, replace_span=task.replaces_span)
