"""Functions and coroutines that are tasks and steps: the `with` forms as decorators."""

import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from tasker_producer.record.misuse import unreadable
from tasker_producer.tasks.block import Block
from tasker_producer.tasks.current import current_task
from tasker_producer.tasks.opening import TaskOpening
from tasker_producer.tasks.outcomes import ErrorTypes
from tasker_producer.tasks.step_scope import StepScope
from tasker_producer.tasks.task_scope import TaskScope
from tasker_schemas.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")
Opener = Callable[[tuple[Any, ...], dict[str, Any]], AbstractContextManager[Any]]
IdOf = Callable[..., Any]


def run_inside(function: Callable[P, R], opener: Opener, keep: Callable[[Any, Any], None]) -> Callable[P, R]:
    """Return the function, each call of which runs inside the block that `opener` makes from its arguments.

    `keep` is called with the block and the function's result. Raises UsageError for a generator, whose body does not
    run when it is called.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise UsageError(f"{function.__qualname__} is a generator: its body does not run when it is called")
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
            with opener(args, kwargs) as block:
                result = await function(*args, **kwargs)
                keep(block, result)
                return result

        return cast("Callable[P, R]", awaited)

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        with opener(args, kwargs) as block:
            result = function(*args, **kwargs)
            keep(block, result)
            return result

    return called


class TracedFunctions(TaskOpening):
    """The decorators of a publisher."""

    def traced_task(  # noqa: PLR0913  all have defaults
        self,
        name: str | None = None,
        *,
        task_id: IdOf | None = None,
        total_steps: int | None = None,
        silence_limit: float | timedelta | None = None,
        final: bool = True,
        complete: bool | None = None,
        expected: ErrorTypes = (),
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a function or coroutine whose every call is a task.

        `name` defaults to the function's; `task_id` is called with the function's arguments. The other arguments are
        those of `task`. Raises UsageError in strict mode for a generator function.
        """

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            label = _name_of(name, function)

            def opener(args: tuple[Any, ...], kwargs: dict[str, Any]) -> TaskScope:
                identity = self._id(task_id, args, kwargs)
                return self.task(
                    label,
                    task_id=identity,
                    total_steps=total_steps,
                    silence_limit=silence_limit,
                    final=final,
                    complete=complete,
                    expected=expected,
                )

            return self._decorated(function, opener, lambda _task, _result: None)

        return decorate

    def traced_step(
        self,
        name: str | None = None,
        *,
        step_id: IdOf | None = None,
        retry_limit: int | None = None,
        depends_on: Sequence[str] | None = None,
        capture_result: bool = True,
        expected: ErrorTypes = (),
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a function or coroutine whose every call, inside a task, is an attempt of a step.

        `name` defaults to the function's; `step_id` is called with the function's arguments, and defaults to the name:
        then a second call in one task is the step's second attempt. The function's result becomes the step's results
        unless `capture_result` is false: a large result takes time, since it is masked and written on the caller's
        thread.

        Raises UsageError in strict mode for a generator function, and for a call outside of a task; in production such
        a call runs without being published.
        """

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            label = _name_of(name, function)

            def opener(args: tuple[Any, ...], kwargs: dict[str, Any]) -> AbstractContextManager[Any]:
                task = current_task()
                if task is None:
                    outside = f"the step {label!r} runs outside of a task: call it inside `with publisher.task(...)`"
                    self.misuse.report(UsageError(outside))
                    return nullcontext()
                identity = self._id(step_id, args, kwargs)
                return task.step(
                    label, step_id=identity, retry_limit=retry_limit, depends_on=depends_on, expected=expected
                )

            return self._decorated(function, opener, keep_result if capture_result else _keep_nothing)

        return decorate

    def _decorated(self, function: Callable[P, R], opener: Opener, keep: Callable[[Any, Any], None]) -> Callable[P, R]:
        try:
            return run_inside(function, opener, keep)
        except UsageError as mistake:
            self.misuse.report(mistake)
        except Exception as mistake:  # noqa: BLE001  the object's own code runs here
            self.misuse.report(unreadable("function", mistake))
        return function

    def _id(self, id_of: IdOf | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the id that a service's function makes of the arguments; None if that function fails."""
        if id_of is None:
            return None
        try:
            return id_of(*args, **kwargs)
        except Exception as error:  # noqa: BLE001  the service's own function
            self.misuse.report(unreadable("id", error))
            return None


def keep_result(step: Block | None, result: Any) -> None:
    """Make the result of a step's function the step's results, unless the function has set them itself."""
    if isinstance(step, StepScope) and step.results is None:
        step.results = result


def _keep_nothing(_: Any, __: Any) -> None:
    return


def _name_of(name: str | None, function: Callable[..., Any]) -> str:
    try:
        return str(getattr(function, "__name__", type(function).__name__)) if name is None else name
    except Exception:  # noqa: BLE001  the object's own code runs here, and `_decorated` reports it
        return type(function).__name__
