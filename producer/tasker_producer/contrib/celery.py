"""Glue for Celery: a task's context travels in the message's headers, and each try of a job is an attempt.

from tasker_producer.contrib.celery import job_step, pass_on_context

pass_on_context()  # once, where the application is made

@app.task(bind=True, max_retries=3)
@job_step(final=True)
def ship_order(self, order_id): ...
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from celery import signals
from celery.exceptions import Ignore, Reject, Retry

from tasker_producer.default_publisher import default_publisher
from tasker_producer.tasks.current import current_task
from tasker_producer.tasks.outcomes import reason_of
from tasker_producer.tasks.task_scope import TaskScope
from tasker_producer.trace.carrier import TASK_ID, TASK_NAME

P = ParamSpec("P")
R = TypeVar("R")

_SIGNAL_ID = "tasker_producer.contrib.celery"


def pass_on_context() -> None:
    """Add the context of the task around the code that sends a job to the job's headers; safe to call twice."""
    signals.before_task_publish.connect(_add_carrier, weak=False, dispatch_uid=_SIGNAL_ID)


def job_step(
    name: str | None = None, *, final: bool = False, retry_limit: int | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate the function of a bound Celery task (`bind=True`): each run of the job is an attempt of a step.

    The step is named after the function and goes on with the task whose context came in the job's headers; `final`
    completes that task. A try that Celery repeats asks for the next attempt, a job that it ignores or rejects is
    cancelled. A job without a context, such as one sent before the service had this glue, is a task of its own.
    `retry_limit` defaults to the job's `max_retries` and the first try.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        step_name = name or function.__name__

        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            job = cast("Any", args[0])
            limit = retry_limit
            if limit is None and job.max_retries is not None:
                limit = job.max_retries + 1
            task = _task_of(job.request, step_name, final=final)
            with task:
                step = task.step(step_name, retry_limit=limit, attempt_number=job.request.retries + 1)
                try:
                    with step:
                        step.results = function(*args, **kwargs)
                        return cast("R", step.results)
                except Exception as error:
                    if _is_tried_again(job, error):
                        step.retry(reason_of(error))
                        task.leave_open()
                    raise

        return run

    return decorate


def _task_of(request: Any, step_name: str, *, final: bool) -> TaskScope:
    """Return the task that a job goes on with, or a task of its own for a job without a context."""
    publisher, attempt = default_publisher(), request.retries + 1
    carrier = {key: value for key, value in (request.headers or {}).items() if isinstance(value, str)}
    if TASK_ID in carrier:
        return publisher.resume_task(carrier, attempt=attempt, final=final)
    if attempt == 1:
        return publisher.task(step_name, task_id=request.id)
    return publisher.resume_task({TASK_ID: request.id, TASK_NAME: step_name}, attempt=attempt, final=True)


def _is_tried_again(job: Any, error: Exception) -> bool:
    """Return whether Celery repeats the job by itself after this error (`autoretry_for`)."""
    kinds, excepted = getattr(job, "autoretry_for", ()), getattr(job, "dont_autoretry_for", ())
    is_named = isinstance(error, tuple(kinds)) and not isinstance(error, (*excepted, Retry, Ignore, Reject))
    return is_named and (job.max_retries is None or job.request.retries < job.max_retries)


def _add_carrier(headers: dict[str, Any] | None = None, **_: Any) -> None:
    task = current_task()
    if task is not None and headers is not None:
        for key, value in task.carrier().items():
            headers.setdefault(key, value)
