"""The list of tasks, and the search."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tasker_consumers.web.site import Site, address, site_of
from tasker_consumers.web.sources.task_search import Task, rows_of, search, task_page
from tasker_consumers.web.views.task_list import PAGE, ListQuery, TaskRow, place_text, task_rows
from tasker_schemas.names import State
from tasker_schemas.waiting import WAITING

#: Statuses in the order of the buttons above the list.
STATUSES = (
    State.ERROR, State.IN_PROGRESS, WAITING, State.PENDING, State.COMPLETE, State.CANCELLED, State.ABANDONED,
)  # fmt: skip


def tasks(request: Request) -> Response:
    """Show the tasks, the latest event first."""
    site = site_of(request)
    query = ListQuery.of(request.query_params, request.query_params.getlist("status"))
    return site.page(
        request,
        "tasks.html",
        query=query,
        statuses=STATUSES,
        search="",
        **list_model(site, query),
        notice=site.sources.live.notice or "",
        live=query.before is None,
    )


def list_model(site: Site, query: ListQuery) -> dict[str, Any]:
    """Return the rows of a page of tasks, and the place of the next page."""
    page = task_page(site.sources, query)
    return {
        "rows": _rows(site, page),
        "next_place": place_text(page[-1]) if len(page) == PAGE else "",
        "stopped": site.sources.trouble or "",
    }


def _rows(site: Site, tasks: Sequence[Task]) -> list[TaskRow]:
    facts = site.sources.facts.of_tasks([task["task_id"] for task in tasks])
    return task_rows(tasks, facts, site.masker)


def find(request: Request) -> Response:
    """Go to the task of an id; of several tasks show the list, of none say where the search looked."""
    site = site_of(request)
    text = request.query_params.get("q", "").strip()
    if not text:
        return RedirectResponse("./", HTTPStatus.SEE_OTHER)
    task_ids = search(site.sources, text)
    if len(task_ids) == 1:
        return RedirectResponse(address("task", id=task_ids[0]), HTTPStatus.SEE_OTHER)
    return site.page(
        request,
        "tasks.html",
        HTTPStatus.OK if task_ids else HTTPStatus.NOT_FOUND,
        query=ListQuery(),
        statuses=STATUSES,
        search=text,
        rows=_rows(site, rows_of(site.sources, task_ids)),
        next_place="",
        stopped="",
        notice="",
        live=False,
    )
