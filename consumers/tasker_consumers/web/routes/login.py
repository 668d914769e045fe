"""The way in with a token, and the health of the server."""

from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from tasker_consumers.web.security.access import is_token, with_cookie
from tasker_consumers.web.site import site_of

#: A token is short: nobody keeps the server busy with a long text.
_MOST_BYTES = 4096


async def login(request: Request) -> Response:
    """Ask for the token; whoever shows it gets a cookie."""
    site = site_of(request)
    token = site.settings.token
    if token is None:
        return RedirectResponse("./", HTTPStatus.SEE_OTHER)
    if request.method != "POST":
        return site.page(request, "login.html", wrong=False)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            return PlainTextResponse("too long\n", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    shown = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip()
    if not is_token(shown, token):
        return site.page(request, "login.html", HTTPStatus.UNAUTHORIZED, wrong=True)
    return with_cookie(RedirectResponse("./", HTTPStatus.SEE_OTHER), request, token)


async def health(_: Request) -> Response:
    """Say that the server lives."""
    return PlainTextResponse("ok\n")


async def ready(request: Request) -> Response:
    """Say whether the tasks were read; else the reason."""
    live = site_of(request).sources.live
    if live.trouble is None:
        return PlainTextResponse("ok\n")
    return PlainTextResponse(f"{live.trouble}\n", HTTPStatus.SERVICE_UNAVAILABLE)
