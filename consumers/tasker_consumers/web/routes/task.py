"""A task's page: its waterfall, its events, its steps as a table, its statistics; all of a moment."""

from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tasker_consumers.strict_json import strict_json
from tasker_consumers.trace_view.rebuild import Run
from tasker_consumers.web.site import Site, site_of
from tasker_consumers.web.sources.task_run import TaskRun, read_beginning, read_task_run, unread_large_task
from tasker_consumers.web.views.events import event_rows
from tasker_consumers.web.views.links import links_of
from tasker_consumers.web.views.task_page import facts_of, statistics_of, task_title
from tasker_consumers.web.views.waterfall import details_of_span, failures_of, step_rows, waterfall_data
from tasker_schemas.errors import UsageError

#: Rows of a page of steps, and of a page of events.
_STEPS, _EVENTS = 200, 100
_TABS = (("task", "Waterfall"), ("task-steps", "Steps"), ("task-events", "Events"), ("task-statistics", "Statistics"))


def waterfall(request: Request) -> Response:
    """Show when the steps ran, the critical path, and the errors.

    The page of a large run comes at once, with its first rows; its script asks for all of them, and adds the errors.
    """
    site, task_id, at = _asked(request)
    large = None if at else unread_large_task(site.sources, task_id)
    if large is not None:
        shell = TaskRun(task_id, large, Run(), [], [], 0)
        return _page(request, site, shell, "task.html", failures=[], failure_count=0, is_reading=True)
    task = read_task_run(site.sources, task_id, at)
    failures, count = failures_of(task.roots, site.masker)
    return _page(request, site, task, "task.html", failures=failures, failure_count=count, is_reading=False)


def steps(request: Request) -> Response:
    """Show the steps of the waterfall as a table."""
    site, task = _read(request)
    first = _number(request, "first")
    rows, total = step_rows(task.roots, site.masker, first, _STEPS)
    return _page(request, site, task, "task_steps.html", rows=rows, first=first, total=total, size=_STEPS)


def events(request: Request) -> Response:
    """Show the events with payload, headers and position."""
    site, task = _read(request, with_all_events=True)
    first = _number(request, "first")
    rows = event_rows(task.run, site.masker, first, _EVENTS)
    return _page(
        request, site, task, "task_events.html", rows=rows, first=first, total=len(task.run.events), size=_EVENTS
    )


def statistics(request: Request) -> Response:
    """Show all statistics of the task."""
    site, task = _read(request)
    facts = statistics_of(task.stats, site.masker) if task.stats else []
    return _page(request, site, task, "task_statistics.html", statistics=facts)


def waterfall_json(request: Request) -> Response:
    """Return the rows of the waterfall; with `part=first` those that the first events tell."""
    if request.query_params.get("part") == "first":
        site, task_id, _ = _asked(request)
        task = read_beginning(site.sources, task_id)
    else:
        site, task = _read(request)
    document = strict_json(waterfall_data(task.run, task.roots, site.masker))
    return Response(document, media_type="application/json")


def span_json(request: Request) -> Response:
    """Return name and text of each detail of a span."""
    site, task = _read(request)
    details = details_of_span(task.run, task.spans, request.query_params.get("span", ""), site.masker)
    status = HTTPStatus.NOT_FOUND if details is None else HTTPStatus.OK
    return JSONResponse(details or [], status)


def _asked(request: Request) -> tuple[Site, str, str]:
    """Return the site, the id of the task, and the moment, empty for the present."""
    task_id = request.query_params.get("id", "")
    if not task_id.strip():
        raise UsageError("id is missing; expected the id of a task or of a trace")
    return site_of(request), task_id, request.query_params.get("at", "").strip()


def _read(request: Request, *, with_all_events: bool = False) -> tuple[Site, TaskRun]:
    site, task_id, at = _asked(request)
    return site, read_task_run(site.sources, task_id, at, with_all_events=with_all_events)


def _page(request: Request, site: Site, task: TaskRun, template: str, **model: Any) -> Response:
    if not task.run.events and task.stats is None:
        text = f"no event of task or trace {task.task_id!r}; is its id right, was it long ago?"
        return site.page(request, "message.html", HTTPStatus.NOT_FOUND, title="Not found", text=text)
    return site.page(
        request,
        template,
        task_id=task.task_id,
        title=task_title(task.stats, task.task_id, site.masker),
        stats=task.stats,
        facts=facts_of(task.stats, task.roots, site.masker, task.present // 1000) if task.stats else [],
        links=links_of(task.stats, site.settings.links) if task.stats else [],
        unreadable=task.run.unreadable,
        is_stored=task.is_stored,
        at=request.query_params.get("at", "").strip(),
        tabs=_TABS,
        **model,
    )


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004  no page is so far away
        raise UsageError(f"{name} is {text[:40]!r}; expected a number from 0")
    return int(text)
