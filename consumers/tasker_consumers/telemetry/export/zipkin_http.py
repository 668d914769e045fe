"""Zipkin over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from tasker_consumers.telemetry.export.http_client import Posts
from tasker_consumers.telemetry.export.retrying import Answer, Taken
from tasker_schemas.errors import ConfigurationError

_ENDPOINT, _TIMEOUT = "OTEL_EXPORTER_ZIPKIN_ENDPOINT", "OTEL_EXPORTER_ZIPKIN_TIMEOUT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipkinSettings:
    """How to reach a Zipkin server."""

    endpoint: str = "http://localhost:9411/api/v2/spans"
    timeout_s: float = 10.0

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read `OTEL_EXPORTER_ZIPKIN_ENDPOINT` and `_TIMEOUT`; raises ConfigurationError for what cannot work.

        >>> ZipkinSettings.from_env({}).endpoint
        'http://localhost:9411/api/v2/spans'
        """
        given: dict[str, str] = {name: environ.get(name, "").strip() for name in (_ENDPOINT, _TIMEOUT)}
        endpoint, timeout = given[_ENDPOINT], given[_TIMEOUT]
        if endpoint and (urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).netloc):
            raise ConfigurationError(
                f"{_ENDPOINT} is {endpoint!r}; expected a URL like http://localhost:9411/api/v2/spans."
            )
        if timeout and (not timeout.isdecimal() or int(timeout) == 0):
            raise ConfigurationError(f"{_TIMEOUT} is {timeout!r}; expected a whole number of milliseconds above 0.")
        default = cls()
        return cls(
            endpoint=endpoint or default.endpoint, timeout_s=int(timeout) / 1000 if timeout else default.timeout_s
        )


class ZipkinTransport:
    """Posts requests to a Zipkin server."""

    def __init__(self, settings: ZipkinSettings) -> None:
        self._posts = Posts(settings.endpoint, settings.timeout_s, lambda _: Taken())

    async def open(self) -> None:
        """See `Transport`."""
        await self._posts.open({"Content-Type": "application/json"})

    async def close(self) -> None:
        """See `Transport`."""
        await self._posts.close()

    async def send(self, request: bytes) -> Answer:
        """See `Transport`."""
        return await self._posts.post(request)
