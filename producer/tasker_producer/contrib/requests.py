"""The rules that the glue for web frameworks shares."""

from tasker_producer.tasks.task_scope import TaskScope

#: Methods of requests that change nothing: they are no tasks.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_SERVER_ERROR = 500


def fail_for_status(task: TaskScope, status: int | None, error: Exception | None = None) -> None:
    """Fail a task whose response is a server error, and keep the status as `http.response.status_code`.

    `error` is the exception that the response was made of. One with another status, such as 404, is an answer.
    """
    if status is None:
        return
    task.additional_context["http.response.status_code"] = status
    if status >= _SERVER_ERROR and not task.is_decided:
        task.fail(f"the response has status {status}" if error is None else error)
