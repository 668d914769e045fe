"""A web server that answers as no schema registry should, and keeps what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class OddRegistry:
    """Answers every request with `status` and `body`; `asked` holds method, path and the login of each."""

    url: str
    status: int = 200
    body: bytes = b"{}"
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    _released: threading.Event = field(default_factory=threading.Event)
    hangs: bool = False
    _location: str = ""
    _redirects: int = 0

    def says(self, body: Any, status: int = 200) -> Self:
        """Answer with a JSON document from now on."""
        self.status, self.body = status, json.dumps(body).encode()
        return self

    def redirects(self, location: str, times: int = 1_000) -> Self:
        """Send whoever asks to `location`, so many times."""
        self._location, self._redirects = location, times
        return self


@contextmanager
def odd_registry(identity: Path | None = None) -> Iterator[OddRegistry]:
    """Run one; with an `identity`, a file with certificate and key, it speaks TLS."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            registry.asked.append((self.command, self.path, self.headers.get("Authorization")))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if registry.hangs:
                registry._released.wait(30)
            if registry._redirects:
                registry._redirects -= 1
                self.send_response(302)
                self.send_header("Location", registry._location)
            else:
                self.send_response(registry.status)
            self.send_header("Content-Length", str(len(registry.body)))
            self.end_headers()
            self.wfile.write(registry.body)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815  the names that the server looks for

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if identity is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if identity is None else "https"
    registry = OddRegistry(f"{scheme}://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield registry
    finally:
        registry._released.set()
        server.shutdown()
        server.server_close()
        thread.join()
