"""A task, or the part of a task that runs in this process, as a `with` block."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasker_producer.record.arguments import Call, Options, combined_attributes
from tasker_producer.record.misuse import Misuse
from tasker_producer.tasks.block import Block, BlockPublisher
from tasker_producer.tasks.outcomes import ErrorTypes, Outcome, reason_of
from tasker_producer.tasks.step_scope import StepScope
from tasker_producer.tasks.step_states import StepStates, step_fields
from tasker_producer.trace.carrier import Carrier, TaskContext, write_carrier
from tasker_producer.trace.current import Activation, CurrentBlock, activate, current_block
from tasker_producer.trace.sampling import inherited_flags
from tasker_schemas.names import ObservabilityEvents, State, TaskEvents

_END_OF = {
    Outcome.COMPLETED: TaskEvents.COMPLETED,
    Outcome.FAILED: TaskEvents.FAILED,
    Outcome.CANCELLED: TaskEvents.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBlockOptions:
    """The form of a task's block: `opens` publishes its start, `closes` its good end."""

    opens: bool
    closes: bool
    context: Any = None
    attributes: Any = None
    first_attempt: int = 1
    expected: ErrorTypes = ()
    replaces_span: bool = True
    start_attributes: Mapping[str, Any] | None = None


class TaskScope(Block):
    """A task, or the part of it that runs in this process."""

    def __init__(self, publisher: BlockPublisher, context: TaskContext, options: TaskBlockOptions) -> None:
        super().__init__(publisher, options.expected)
        self.trace = context.trace
        self.replaces_span = options.replaces_span
        forced = publisher.settings.trace_flags
        self.flags = inherited_flags(context.task_id, context.task_name or "task", context.trace, forced)
        self._context = context
        task_id, name, trace = context.task_id, context.task_name, context.trace
        self._block = CurrentBlock(task_id, name, context.correlation_id, trace, trace=trace)
        self._options = options
        self._is_alone = options.opens  # whether every step of the task runs in this block
        self._steps = StepStates(options.first_attempt)
        self.additional_context.update(combined_attributes(None, options.attributes, publisher.misuse) or {})

    @property
    def task_id(self) -> str:
        """The id of the task."""
        return self._context.task_id

    def step(  # noqa: PLR0913  all but the name have defaults
        self,
        name: str,
        *,
        step_id: Any = None,
        attempt_number: int | None = None,
        retry_limit: int | None = None,
        depends_on: Iterable[Any] | None = None,
        inputs: Any = None,
        expected: ErrorTypes = (),
    ) -> StepScope:
        """Return a `with` block that is an attempt of a step.

        `step_id` defaults to the name. Attempts are numbered when their blocks are entered. Exceptions of the
        `expected` classes cancel the step. Raises UsageError in strict mode for an id that is none.
        """
        fields = self.identity()
        fields |= step_fields(self.publisher.misuse, name, step_id, retry_limit, depends_on)
        return StepScope(self, fields, inputs, attempt_number, expected)

    def leave_open(self) -> None:
        """Publish no end when the block is left: for a job that will be tried again, and goes on with the task then."""
        self._decided = (Outcome.RETRIED, None)

    def carrier(self) -> Carrier:
        """Return the task's context as text headers, for the process that goes on with it."""
        self._is_alone = False
        return write_carrier(self._context)

    def identity(self) -> dict[str, Any]:
        """Return the fields that name this task in every event."""
        block = self._block
        return {"task_id": block.task_id, "task_name": block.task_name, "correlation_id": block.correlation_id}

    def block(self) -> CurrentBlock:
        """Return the fields that events inside the task inherit."""
        return self._block

    def begin_attempt(self, step_id: str, number: int | None, misuse: Misuse) -> int:
        """Return the number of an attempt of a step that begins: the caller's, else the next number."""
        return self._steps.begin_attempt(step_id, number, misuse)

    def note_state(self, step_id: str, attempt: int, state: State) -> None:
        """Remember the state of a step; that of the latest attempt holds."""
        self._steps.note_state(step_id, attempt, state)

    def _publish_start(self, misuse: Misuse) -> None:
        if not self._options.opens:
            return
        self._context = self._context.started(self._started_at)
        total, started_at = self._context.total_steps, self._started_at
        parent = current_block()
        attributes = self._options.start_attributes
        facts = {"context": self._options.context, "total_steps": total, "attributes": attributes}
        if parent is not None and parent.task_id != self.task_id:
            facts["parent_task_id"] = parent.task_id
        self._publish(TaskEvents.INITIALIZE_REQUESTED, facts, misuse, started_at)
        beginning = {"started_at": started_at, "total_steps": total, "attributes": attributes}
        self._publish(TaskEvents.START_REQUESTED, beginning, misuse, started_at)

    def _publish_end(self, outcome: Outcome, reason: Any, misuse: Misuse) -> None:
        if outcome is Outcome.RETRIED or (outcome is Outcome.COMPLETED and not self._options.closes):
            return
        times = self._times()
        ended_at = times["completed_at"]
        if not self._options.opens:  # begun elsewhere: only the wall clocks of two machines know how long it took
            times |= {"started_at": self._context.started_at, "execution_duration": None}
        fields = {**times, **self._counters()}
        if outcome is Outcome.CANCELLED:
            fields["cancellation_reason"] = reason_of(reason) if isinstance(reason, BaseException) else reason
        if outcome is Outcome.FAILED:
            fields["error_steps"] = self._steps.in_state(State.ERROR)
        error = reason if outcome is Outcome.FAILED else None
        self._publish(_END_OF[outcome], fields, misuse, ended_at, error)

    def _publish_waiting(self, attributes: dict[str, Any]) -> None:
        call = Call(self.identity(), Options(trace=self.trace), attributes)
        self.publisher.submit(ObservabilityEvents.Task.WAITING, call, self.publisher.misuse)

    def _activate(self) -> Activation:
        return activate(self._block, self, flags=self.flags, replace_span=self.replaces_span)

    def _counters(self) -> Mapping[str, int | None]:
        if not self._is_alone:
            return {"total_steps": self._context.total_steps}
        return self._steps.counters(self._context.total_steps or 0)

    def _publish(self, name: str, fields: Mapping[str, Any], misuse: Misuse, timestamp: int, error: Any = None) -> None:
        options = Options(timestamp=timestamp, trace=self.trace)
        call = Call({**self.identity(), **fields}, options, self._business_context())
        self.publisher.submit(name, call, misuse, error)
