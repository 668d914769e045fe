"""Two runs side by side: where they part, and which steps explain the difference."""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tasker_consumers.compare import pair_text
from tasker_consumers.compare.differences import difference_of_runs
from tasker_consumers.web.site import Site, site_of
from tasker_consumers.web.sources.task_run import read_task_run
from tasker_consumers.web.sources.task_search import find_task, task_page
from tasker_consumers.web.views.masking import shown_text
from tasker_consumers.web.views.task_list import ListQuery, TaskRow, task_rows
from tasker_schemas.names import State

_MOST_ROWS, _OFFERED = 100, 8


def diff(request: Request) -> Response:
    """Show the difference of the runs `a` and `b`; with `b` alone offer good runs of its name."""
    site = site_of(request)
    first, second = (request.query_params.get(name, "").strip() for name in ("a", "b"))
    model: dict[str, Any] = {
        "a": first,
        "b": second,
        "lines": [],
        "units": [],
        "attributes": [],
        "unknown": "",
        "offered": [],
    }
    if second and not first:
        model["offered"] = _offered(site, second)
    if first and second:
        model |= _difference(site, first, second)
    return site.page(request, "diff.html", section="./", columns=pair_text.COLUMNS, **model)


def _offered(site: Site, task_id: str) -> list[TaskRow]:
    """Return complete runs of the same name, the latest first."""
    task = find_task(site.sources, task_id)
    if task is None or not task["task_name"]:
        return []
    query = ListQuery(statuses=(State.COMPLETE,), name=task["task_name"])
    page = [other for other in task_page(site.sources, query) if other["task_id"] != task_id]
    return task_rows(page[:_OFFERED], {}, site.masker)


def _difference(site: Site, first: str, second: str) -> dict[str, Any]:
    runs = [read_task_run(site.sources, task_id).run for task_id in (first, second)]
    pair = difference_of_runs(runs[0], runs[1], present=time.time_ns()) if all(run.events for run in runs) else None
    if pair is None:
        return {
            "unknown": " and ".join(i for i, run in zip((first, second), runs, strict=True) if not run.events) or first
        }
    rows = [*pair_text.unit_rows(pair, _MOST_ROWS)]
    lines = [line.partition("  ") for line in pair_text.headlines(pair)]
    return {
        "lines": [(name, shown_text(text.strip(), site.masker)) for name, _, text in lines],
        "units": [[shown_text(cell, site.masker) for cell in row] for row in rows],
        "attributes": [[shown_text(cell, site.masker) for cell in row] for row in pair_text.attribute_rows(pair)],
    }
