"""The grid of runs and steps of a name."""

from collections import Counter

from starlette.requests import Request
from starlette.responses import Response

from tasker_consumers.web.site import Site, site_of
from tasker_consumers.web.sources.attempts import attempts_of
from tasker_consumers.web.sources.task_search import task_page
from tasker_consumers.web.views.grid import Grid, grid_of
from tasker_consumers.web.views.task_list import ListQuery

#: Runs of a grid, tasks that are looked through for names, and names that are offered.
_RUNS, _LOOKED_THROUGH, _NAMES = 30, 2000, 30


def grid(request: Request) -> Response:
    """Show how the steps of the latest runs of a name stand, side by side."""
    site = site_of(request)
    names = _names(site)
    name = request.query_params.get("name", "").strip() or (names[0] if names else "")
    tasks = task_page(site.sources, ListQuery(name=name))[:_RUNS] if name else []
    model = grid_of(tasks, attempts_of(site.sources, tasks), site.masker) if tasks else Grid([], [])
    return site.page(request, "grid.html", name=name, names=names, grid=model)


def _names(site: Site) -> list[str]:
    """Return the most frequent names of the newest tasks."""
    newest = site.sources.live.newest(_LOOKED_THROUGH, lambda task: bool(task["task_name"]))
    return [name for name, _ in Counter(task["task_name"] for task in newest).most_common(_NAMES)]
