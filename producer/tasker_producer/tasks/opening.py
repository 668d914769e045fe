"""The calls that open a task's block: a task that begins here, or a task that another process began."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from tasker_producer.record.misuse import unreadable
from tasker_producer.record.waiting import silence_attributes
from tasker_producer.tasks.block import BlockPublisher
from tasker_producer.tasks.outcomes import ErrorTypes
from tasker_producer.tasks.task_scope import TaskBlockOptions, TaskScope
from tasker_producer.trace.carrier import TaskContext, read_carrier
from tasker_producer.trace.context import new_task_trace, task_trace
from tasker_schemas.errors import UsageError
from tasker_schemas.identity import new_event_id


class TaskOpening(BlockPublisher):
    """The part of a publisher that opens blocks."""

    def task(  # noqa: PLR0913  all but the name have defaults
        self,
        name: str,
        *,
        task_id: Any = None,
        run: Any = None,
        context: Any = None,
        total_steps: int | None = None,
        correlation_id: Any = None,
        final: bool = True,
        complete: bool | None = None,
        additional_context: Mapping[str, Any] | None = None,
        expected: ErrorTypes = (),
        current: bool = True,
        silence_limit: float | timedelta | None = None,
    ) -> TaskScope:
        """Return a `with` block that is a task: its start, its steps, and its end or failure are published.

        With `final=False` (older name: `complete`) the block leaves the task open for another process
        (`task.carrier()`); an exception still fails it. `run` tells runs with the same id apart: `42`, run 2, is the
        task `42:2`. Exceptions of the `expected` classes cancel the task. With `current=False` OpenTelemetry's current
        span stays the service's own. After a silence of `silence_limit`, in seconds, it counts as abandoned. Raises
        UsageError in strict mode for an id that is none.
        """
        misuse = self.misuse
        identity = self._task_identity(task_id, run)
        task = TaskContext(
            task_id=identity,
            task_name=misuse.identifier("name", name),
            trace=new_task_trace(identity),
            correlation_id=None if correlation_id is None else misuse.identifier("correlation_id", correlation_id),
            total_steps=misuse.whole_number("total_steps", total_steps),
        )
        options = TaskBlockOptions(
            opens=True, context=context, attributes=additional_context, expected=expected,
            closes=misuse.truth("final", final if complete is None else complete, default=True),
            replaces_span=misuse.truth("current", current, default=True),
            start_attributes=silence_attributes(silence_limit, misuse) or None,
        )  # fmt: skip
        return TaskScope(self, task, options)

    def _task_identity(self, task_id: Any, run: Any) -> str:
        identity = None if task_id is None else self.misuse.identifier("task_id", task_id)
        if identity is not None and run is not None:
            number = self.misuse.identifier("run", run)
            identity = identity if number is None else f"{identity}:{number}"
        return identity or new_event_id()

    def resume_task(
        self,
        carrier: Mapping[str, str] | None,
        *,
        attempt: int = 1,
        final: bool = False,
        complete: bool | None = None,
        expected: ErrorTypes = (),
        current: bool = True,
    ) -> TaskScope:
        """Return a `with` block that goes on with a task which another process began; only `final` completes it.

        `attempt` is the number of the first attempt of each step here: a job that is tried again passes on which try
        it is. A carrier that names no task is a caller's mistake: UsageError in strict mode, and in production the
        block is a task of its own.
        """
        misuse = self.misuse
        first_attempt = misuse.whole_number("attempt", attempt)
        options = TaskBlockOptions(
            opens=False,
            closes=misuse.truth("final", final if complete is None else complete, default=False),
            first_attempt=max(1, first_attempt or 1),
            expected=expected,
            replaces_span=misuse.truth("current", current, default=True),
        )
        try:
            task = read_carrier({} if carrier is None else carrier)
        except UsageError as mistake:
            misuse.report(mistake)
            return self.task("resumed_task", expected=expected, current=current)
        except Exception as mistake:  # noqa: BLE001  the carrier's own code runs here
            misuse.report(unreadable("carrier", mistake))
            return self.task("resumed_task", expected=expected, current=current)
        if task.trace.span is None:
            task = task.with_trace(task_trace(task.task_id)._replace(baggage=task.trace.baggage))
        return TaskScope(self, task, options)
