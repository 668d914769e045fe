"""An identity provider, as far as a client of Kafka asks one: a token for a client's id and secret."""

from __future__ import annotations

import base64
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "open-sesame"


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """Where it listens, and how a client asks there."""

    url: str

    def variables(self, client: str, secret: str = SECRET) -> dict[str, str]:
        """The environment of somebody who logs in with a token."""
        told = {"METHOD": "oidc", "TOKEN_ENDPOINT_URL": self.url, "CLIENT_ID": client, "CLIENT_SECRET": secret}
        return {
            "KAFKA_SASL_MECHANISM": "OAUTHBEARER",
            **{f"KAFKA_SASL_OAUTHBEARER_{name}": value for name, value in told.items()},
        }


class _TokenEndpoint(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        client, _, secret = base64.b64decode(credentials).decode().partition(":")
        known = scheme == "Basic" and secret == SECRET
        answer = {"access_token": _unsigned_token(client)} if known else {"error": "invalid_client"}
        body = json.dumps({**answer, "token_type": "bearer", "expires_in": 300}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _unsigned_token(subject: str) -> str:
    now = int(time.time())
    parts = {"alg": "none", "typ": "JWT"}, {"sub": subject, "iat": now, "exp": now + 300}
    return "".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") + "." for part in parts)


@pytest.fixture
def identity_provider() -> Iterator[IdentityProvider]:
    """A token endpoint for this test."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _TokenEndpoint)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield IdentityProvider(f"http://127.0.0.1:{server.server_port}/token")
    server.shutdown()
    thread.join()
    server.server_close()
