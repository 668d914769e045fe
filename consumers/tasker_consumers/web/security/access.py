"""Who may look: this machine alone, whoever has the token, or whom a proxy let in."""

import hmac
from hashlib import sha256
from http import HTTPStatus
from typing import Protocol

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tasker_consumers.web.settings import WebSettings, is_loopback

COOKIE = "tasker_web"
#: Anybody may ask whether it lives, and the way in needs its style.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/login"})
_OPEN_FOLDER = "/assets/"
_COOKIE_DAYS = 30


class Decision(Protocol):
    """Returns an answer for a request that is turned away, None for a request that may go on."""

    def __call__(self, request: Request) -> Response | None:
        """See the class."""


class AccessControl:
    """Lets a request through, or answers it itself."""

    def __init__(self, app: ASGIApp, decide: Decision) -> None:
        self._app = app
        self._decide = decide

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        refusal = self._decide(Request(scope)) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)


def access_rule(settings: WebSettings) -> Decision:
    """Return the rule of these settings.

    Without token and proxy the `Host` must be this machine's, so that no page of another site can read ours through a
    name that it points here.
    """

    def decide(request: Request) -> Response | None:
        path = request.url.path
        if request.method not in ("GET", "HEAD") and path != "/login":
            return _refuse(HTTPStatus.METHOD_NOT_ALLOWED, "the web view is read-only")
        if path in OPEN_PATHS or path.startswith(_OPEN_FOLDER):
            return None
        return _refuse_stranger(request, settings) if settings.asks else _refuse_other_host(request)

    return decide


def _refuse_other_host(request: Request) -> Response | None:
    if is_loopback(request.url.hostname or ""):
        return None
    return _refuse(HTTPStatus.MISDIRECTED_REQUEST, "ask for 127.0.0.1 or localhost")


def _refuse_stranger(request: Request, settings: WebSettings) -> Response | None:
    if settings.proxy_header and request.headers.get(settings.proxy_header, "").strip():
        return None
    if settings.token and _shows(request, settings.token):
        return None
    if settings.token and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse("login", HTTPStatus.SEE_OTHER)
    return _refuse(HTTPStatus.UNAUTHORIZED, "a token or the header of the proxy is missing")


def is_token(text: str, token: str) -> bool:
    """Return whether a text is the token, in a time that tells nothing about it."""
    return hmac.compare_digest(text.encode(), token.encode())


def with_cookie(response: Response, request: Request, token: str) -> Response:
    """Return a response that has the browser show the token from now on."""
    response.set_cookie(
        COOKIE,
        _cookie_of(token),
        max_age=_COOKIE_DAYS * 86_400,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


def _shows(request: Request, token: str) -> bool:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and is_token(credentials.strip(), token):
        return True
    return is_token(request.cookies.get(COOKIE, ""), _cookie_of(token))


def _cookie_of(token: str) -> str:
    """Return the value of the cookie: nobody can read the token from it."""
    return hmac.new(token.encode(), b"tasker web", sha256).hexdigest()


def _refuse(status: HTTPStatus, reason: str) -> Response:
    return PlainTextResponse(f"{status.phrase}: {reason}\n", status)
