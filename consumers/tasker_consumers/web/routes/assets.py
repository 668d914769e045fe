"""Scripts and styles: ours, htmx, and those that the page of `tasker trace --html` has too."""

import mimetypes
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

_FOLDERS = (
    ("tasker_consumers.web", ("htmx.min.js", "hx-sse.min.js", "theme.js", "keys.js", "live.js", "web.css", "icon.svg")),
    ("tasker_consumers.trace_view", ("waterfall.js", "waterfall.css")),
)
_FILES = {name: files(package) / "assets" / name for package, names in _FOLDERS for name in names}


async def asset(request: Request) -> Response:
    """Return a file; browsers ask again whether it changed."""
    file = _FILES.get(request.path_params["name"])
    if file is None:
        return PlainTextResponse("no such file\n", HTTPStatus.NOT_FOUND)
    content = file.read_bytes()
    headers = {"ETag": f'"{sha256(content).hexdigest()[:32]}"', "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type=mimetypes.guess_type(file.name)[0], headers=headers)
