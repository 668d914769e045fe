"""Tasks and steps as `with` blocks.

What the code does is what is published: entering starts, leaving completes, an exception fails and goes on. Times of
day come from the wall clock, durations from the monotonic one, so that a clock that is set cannot lengthen a step.
"""

import time
from asyncio import CancelledError
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from contextvars import Token
from types import TracebackType
from typing import Any, Protocol, Self

from tasker_producer.record.error_fields import error_fields
from tasker_producer.record.fields import now
from tasker_producer.settings import ProducerSettings
from tasker_producer.trace.carrier import Carrier, TaskContext, write_carrier
from tasker_producer.trace.context import current, step_trace
from tasker_producer.trace.current import Ambient, ambient
from tasker_schemas.headers import TraceHeaders
from tasker_schemas.names import State, StepEvents, TaskEvents


class Publisher(Protocol):
    """What a block needs to tell what happens in it."""

    settings: ProducerSettings

    def publish_task_event(self, name: str, task: Any = None, **fields: Any) -> None:
        """Publish an event about the task."""
        ...

    def publish_step_event(self, name: str, step: Any = None, **fields: Any) -> None:
        """Publish an event about one attempt of a step."""
        ...


class _Block:
    """What tasks and steps have in common: a place in a trace that is current inside, and a clock."""

    def __init__(self, trace: TraceHeaders, around: Ambient) -> None:
        self.trace = trace
        self.additional_context: dict[str, Any] = {}
        self._around = around
        self._inside = ExitStack()
        self._started_at = 0
        self._started_s = 0.0

    def _begin(self) -> None:
        self._started_at = now()
        self._started_s = time.perf_counter()
        self._inside.enter_context(current(self.trace))
        token: Token[Ambient | None] = ambient.set(self._around)
        self._inside.callback(ambient.reset, token)

    def _times(self) -> dict[str, Any]:
        return {
            "started_at": self._started_at,
            "completed_at": now(),
            "execution_duration": time.perf_counter() - self._started_s,
        }


class StepScope(_Block):
    """One attempt of a step; set `results` inside, and add business data to `additional_context`."""

    def __init__(self, task: "TaskScope", fields: dict[str, Any], inputs: Any) -> None:
        self.task = task
        self.step_id: str = fields["step_id"]
        self.attempt_number: int = fields["attempt_number"]
        self.results: Any = None
        self._fields = fields
        self._inputs = inputs
        place = step_trace(task.trace, task.task_id, self.step_id, self.attempt_number)
        around = task.ambient()._replace(
            step_id=self.step_id, step_name=fields["step_name"], attempt_number=self.attempt_number
        )
        super().__init__(place, around)

    def retry(
        self, reason: str | None = None, *, backoff_strategy: str | None = None, backoff_seconds: float | None = None
    ) -> int:
        """Say that this step will be tried again; return the number of the attempt that was asked for."""
        requested = self.attempt_number + 1
        self._publish(
            StepEvents.RETRY_REQUESTED,
            attempt_number=requested,
            previous_attempts=self.attempt_number,
            retry_reason=reason,
            backoff_strategy=backoff_strategy,
            backoff_seconds=backoff_seconds,
            trace=step_trace(self.task.trace, self.task.task_id, self.step_id, requested),
        )
        return requested

    def __enter__(self) -> Self:
        self._begin()
        self.task.note(self.step_id, self.attempt_number, State.IN_PROGRESS)
        started = self._started_at
        self._publish(StepEvents.HANDLE, timestamp=started, started_at=started, step_inputs=self._inputs)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        times = self._times()
        self._inside.close()
        outcome: dict[str, Any] = {"timestamp": times["completed_at"], "step_results": self.results}
        outcome["additional_context"] = self.additional_context or None
        if error is None:
            self.task.note(self.step_id, self.attempt_number, State.COMPLETE)
            self._publish(StepEvents.COMPLETED, **times, **outcome)
        elif isinstance(error, CancelledError):
            self.task.note(self.step_id, self.attempt_number, State.CANCELLED)
            self._publish(StepEvents.CANCELLED, **times, **outcome, cancellation_reason=_why(error))
        else:
            self.task.note(self.step_id, self.attempt_number, State.ERROR)
            self._publish(StepEvents.FAILED, **times, **outcome, **self.task.describe(error))

    def _publish(self, name: str, **fields: Any) -> None:
        fields.setdefault("trace", self.trace)
        self.task.publisher.publish_step_event(name, **{**self.task.identity(), **self._fields, **fields})


class TaskScope(_Block):
    """A task, or the part of it that runs in this process."""

    def __init__(
        self,
        publisher: Publisher,
        scope: TaskContext,
        context: Any,
        *,
        opens: bool,
        closes: bool,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        self.publisher = publisher
        self.task_id = scope.task_id
        self._scope = scope
        self._context = context
        self._opens = opens
        self._closes = closes
        self._alone = opens  # whether every step of the task runs in this block
        self._states: dict[str, tuple[int, State]] = {}
        super().__init__(scope.trace, self.ambient())
        self.additional_context.update(attributes or {})

    def step(
        self,
        name: str,
        *,
        step_id: str | int | None = None,
        attempt_number: int | None = None,
        retry_limit: int | None = None,
        depends_on: Iterable[str] | None = None,
        inputs: Any = None,
    ) -> StepScope:
        """Return a `with` block that is one attempt of a step.

        `step_id` defaults to the name, `attempt_number` to one more than this block has seen of the step.
        """
        identity = str(step_id) if step_id is not None else name
        fields = {
            "step_id": identity,
            "step_name": name,
            "attempt_number": attempt_number or self._states.get(identity, (0,))[0] + 1,
            "retry_limit": retry_limit,
            "depends_on": None if depends_on is None else [str(step) for step in depends_on],
        }
        return StepScope(self, fields, inputs)

    def carrier(self) -> Carrier:
        """Return the task's context as text headers, for the process that goes on with it."""
        self._alone = False
        return write_carrier(self._scope)

    def identity(self) -> dict[str, Any]:
        """Return the fields that name this task in every event."""
        scope = self._scope
        return {"task_id": scope.task_id, "task_name": scope.task_name, "correlation_id": scope.correlation_id}

    def ambient(self) -> Ambient:
        """Return what code inside the block is told about it."""
        scope = self._scope
        return Ambient(scope.task_id, scope.task_name, scope.correlation_id, scope.trace, self)

    def note(self, step_id: str, attempt: int, state: State) -> None:
        """Remember where a step stands; the latest attempt holds."""
        if attempt >= self._states.get(step_id, (0,))[0]:
            self._states[step_id] = (attempt, state)

    def describe(self, error: BaseException) -> dict[str, Any]:
        """Return an error's fields."""
        return error_fields(error, self.publisher.settings.backtrace_frames)

    def __enter__(self) -> Self:
        self._begin()
        if self._opens:
            self._scope = self._scope.started(self._started_at)
            total, context, at = self._scope.total_steps, self._context, self._started_at
            self._publish(TaskEvents.INITIALIZE_REQUESTED, timestamp=at, context=context, total_steps=total)
            self._publish(TaskEvents.START_REQUESTED, timestamp=at, started_at=at, total_steps=total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        times = self._times()
        self._inside.close()
        if error is None and not self._closes:
            return
        if not self._opens:  # begun elsewhere: only the wall clocks of two machines know how long it took
            times |= {"started_at": self._scope.started_at, "execution_duration": None}
        outcome = {**times, "timestamp": times["completed_at"], **self._counters()}
        if error is None:
            self._publish(TaskEvents.COMPLETED, **outcome)
        elif isinstance(error, CancelledError):
            self._publish(TaskEvents.CANCELLED, **outcome, cancellation_reason=_why(error))
        else:
            self._publish(TaskEvents.FAILED, **outcome, error_steps=self._with(State.ERROR), **self.describe(error))

    def _counters(self) -> dict[str, int | None]:
        if not self._alone:
            return {"total_steps": self._scope.total_steps}
        total = max(self._scope.total_steps or 0, len(self._states))
        completed, failed = len(self._with(State.COMPLETE)), len(self._with(State.ERROR))
        pending = total - completed - failed - len(self._with(State.CANCELLED))
        return {
            "total_steps": total,
            "completed_steps": completed,
            "failed_steps": failed,
            "pending_steps": pending,
        }

    def _with(self, state: State) -> list[str]:
        return [step_id for step_id, (_, found) in self._states.items() if found is state]

    def _publish(self, name: str, **fields: Any) -> None:
        context = self.additional_context or None
        self.publisher.publish_task_event(
            name, **self.identity(), **fields, trace=self.trace, additional_context=context
        )


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
