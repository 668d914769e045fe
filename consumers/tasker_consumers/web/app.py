"""The application: its routes, the answers to errors, and whom it lets in."""

from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tasker_consumers.web.routes import assets, diff, errors, grid, groups, live, login, statistics, task, tasks
from tasker_consumers.web.security.access import AccessControl, access_rule
from tasker_consumers.web.security.headers import SecurityHeaders
from tasker_consumers.web.site import Site, site_of
from tasker_schemas.errors import BackendUnavailable, TaskerEventsError, UsageError

ROUTES = (
    Route("/", tasks.tasks),
    Route("/tasks-live", live.tasks_live),
    Route("/find", tasks.find),
    Route("/task", task.waterfall),
    Route("/task-steps", task.steps),
    Route("/task-events", task.events),
    Route("/task-statistics", task.statistics),
    Route("/task-waterfall.json", task.waterfall_json),
    Route("/task-span.json", task.span_json),
    Route("/grid", grid.grid),
    Route("/errors", errors.errors),
    Route("/error", errors.error),
    Route("/stats", statistics.statistics),
    Route("/groups", groups.groups),
    Route("/diff", diff.diff),
    Route("/login", login.login, methods=["GET", "POST"]),
    Route("/healthz", login.health),
    Route("/readyz", login.ready),
    Route("/assets/{name}", assets.asset),
)


def make_app(site: Site) -> Starlette:
    """Return the application of a site; whoever runs it opens and closes the sources."""
    app = Starlette(
        routes=ROUTES,
        middleware=[Middleware(SecurityHeaders), Middleware(AccessControl, decide=access_rule(site.settings))],
        exception_handlers={TaskerEventsError: _tell, HTTPException: _tell_http},
    )
    app.state.site = site
    app.state.lists = live.LiveLists()
    return app


def end_streams(app: Starlette) -> None:
    """End the open streams of an application, which would hold up the end of its server; call it in its loop."""
    lists: live.LiveLists = app.state.lists
    lists.ending.set()


def _tell(request: Request, error: Exception) -> Response:
    """Answer with the sentence of one of our errors, and a status that says who has to act."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(error, UsageError):
        status = HTTPStatus.BAD_REQUEST
    elif isinstance(error, BackendUnavailable):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    return site_of(request).page(request, "message.html", status, title=status.phrase, text=str(error))


def _tell_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return site_of(request).page(
        request,
        "message.html",
        error.status_code,
        title=HTTPStatus(error.status_code).phrase,
        text="There is no such page.",
    )
