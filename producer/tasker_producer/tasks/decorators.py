"""Functions and coroutines that are tasks and steps: the `with` forms as decorators."""

import inspect
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from tasker_producer.tasks.scopes import StepScope, TaskScope
from tasker_producer.trace.current import ambient
from tasker_schemas.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")
Opened = Callable[[tuple[Any, ...], dict[str, Any]], AbstractContextManager[Any]]


def run_inside(function: Callable[P, R], opened: Opened, keep: Callable[[Any, Any], None]) -> Callable[P, R]:
    """Return the function, each call of which runs inside the block that `opened` makes from its arguments.

    `keep` is given the block and what the function returned. Raises UsageError for a generator, whose body does not
    run when it is called.
    """
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise UsageError(f"{function.__qualname__} is a generator: its body does not run when it is called")
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
            with opened(args, kwargs) as block:
                result = await function(*args, **kwargs)
                keep(block, result)
                return result

        return cast("Callable[P, R]", awaited)

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        with opened(args, kwargs) as block:
            result = function(*args, **kwargs)
            keep(block, result)
            return result

    return called


class TracedFunctions:
    """The decorators of a publisher."""

    def task(
        self, name: str, *, task_id: str | int | None = None, total_steps: int | None = None, complete: bool = True
    ) -> TaskScope:
        """Return a `with` block that is a task."""
        raise NotImplementedError

    def traced_task(
        self,
        name: str | None = None,
        *,
        task_id: Callable[..., str | int] | None = None,
        total_steps: int | None = None,
        complete: bool = True,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a function or coroutine whose every call is a task.

        `name` defaults to the function's; `task_id` is called with the function's arguments.
        """

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            label = name or function.__name__

            def opened(args: tuple[Any, ...], kwargs: dict[str, Any]) -> TaskScope:
                identity = None if task_id is None else task_id(*args, **kwargs)
                return self.task(label, task_id=identity, total_steps=total_steps, complete=complete)

            return run_inside(function, opened, lambda _task, _result: None)

        return decorate

    def traced_step(
        self,
        name: str | None = None,
        *,
        step_id: Callable[..., str | int] | None = None,
        retry_limit: int | None = None,
        depends_on: Sequence[str] | None = None,
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a function or coroutine whose every call, inside a task, is an attempt of a step.

        `name` defaults to the function's; `step_id` is called with the function's arguments, and defaults to the name:
        then a second call in one task is the step's second attempt. What is returned becomes the step's results.
        A call outside of a task raises UsageError.
        """

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            label = name or function.__name__

            def opened(args: tuple[Any, ...], kwargs: dict[str, Any]) -> StepScope:
                identity = None if step_id is None else step_id(*args, **kwargs)
                return current_task(label).step(label, step_id=identity, retry_limit=retry_limit, depends_on=depends_on)

            return run_inside(function, opened, keep_results)

        return decorate


def keep_results(step: StepScope, returned: Any) -> None:
    """Make what a step's function returned its results, unless it has set them itself."""
    if step.results is None:
        step.results = returned


def current_task(step_name: str) -> TaskScope:
    """Return the task around the present code; raise UsageError naming the step that has none."""
    around = ambient.get()
    if around is None:
        raise UsageError(f"the step {step_name!r} runs outside of a task: call it inside `with publisher.task(...)`")
    return around.scope
