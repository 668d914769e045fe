"""The pages of a worker for people: its home page, and the documentation of its questions."""

from collections.abc import Callable, Sequence

from aiohttp import web

from tasker_consumers.engine.web.answers import json_answer
from tasker_consumers.engine.web.home import home_page
from tasker_consumers.engine.web.openapi import openapi
from tasker_consumers.engine.web.page import CONTENT_SECURITY_POLICY, page_of
from tasker_consumers.engine.web.questions import Question


def home_route(group: str, waiting: Callable[[], str | None], questions: Sequence[Question]) -> web.RouteDef:
    """Return the route of the home page; `waiting` tells why the worker is not ready, or None."""

    async def home(_: web.Request) -> web.Response:
        return _html(home_page(group, waiting() or "ok", questions), {"Cache-Control": "no-store"})

    return web.get("/", home)


def documentation_routes(group: str, questions: Sequence[Question]) -> list[web.RouteDef]:
    """Return the routes of the questions' description, as OpenAPI and as a page."""
    document = openapi(group, questions)
    text = page_of(document)

    async def description(_: web.Request) -> web.Response:
        return json_answer(document)

    async def page(_: web.Request) -> web.Response:
        return _html(text, {})

    return [web.get("/openapi.json", description), web.get("/docs", page)]


def _html(text: str, headers: dict[str, str]) -> web.Response:
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, **headers}
    return web.Response(text=text, content_type="text/html", headers=headers)
