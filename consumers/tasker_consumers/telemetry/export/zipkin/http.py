"""Zipkin over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from tasker_consumers.telemetry.export.http_client import HttpClient
from tasker_consumers.telemetry.export.sending.answers import Answer
from tasker_consumers.telemetry.export.sending.endpoint import read_endpoint, without_credentials
from tasker_consumers.telemetry.export.sending.http_bodies import read_zipkin_body
from tasker_schemas import environment
from tasker_schemas.errors import ConfigurationError

_ENDPOINT, _TIMEOUT = "OTEL_EXPORTER_ZIPKIN_ENDPOINT", "OTEL_EXPORTER_ZIPKIN_TIMEOUT"
_DEFAULT = "http://localhost:9411/api/v2/spans"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipkinSettings:
    """How to reach a Zipkin server."""

    endpoint: str = field(default=_DEFAULT, repr=False)  # its query can hold a key
    timeout_s: float = 10.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)  # the credentials that the URL held

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read `OTEL_EXPORTER_ZIPKIN_ENDPOINT` and `_TIMEOUT`; raises ConfigurationError for a wrong setting.

        >>> ZipkinSettings.from_env({}).endpoint
        'http://localhost:9411/api/v2/spans'
        """
        endpoint = read_endpoint(_ENDPOINT, environment.text(environ, _ENDPOINT) or _DEFAULT, _DEFAULT)
        timeout = environment.text(environ, _TIMEOUT)
        if timeout and (not timeout.isdecimal() or int(timeout) == 0):
            raise ConfigurationError(f"{_TIMEOUT} is {timeout!r}; expected a whole number of milliseconds above 0.")
        return cls(
            endpoint=endpoint.url,
            timeout_s=int(timeout) / 1000 if timeout else cls().timeout_s,
            headers={"authorization": endpoint.authorization} if endpoint.authorization else {},
        )


class ZipkinTransport:
    """Posts requests to a Zipkin server."""

    def __init__(self, settings: ZipkinSettings) -> None:
        self._settings = settings
        self._client = HttpClient(settings.endpoint, settings.timeout_s, read_zipkin_body)

    @property
    def description(self) -> str:
        """Protocol and endpoint without credentials, for the log."""
        return f"zipkin (http/json) to {without_credentials(self._settings.endpoint)}"

    async def open(self) -> None:
        """See `Transport`."""
        await self._client.open({"Content-Type": "application/json"}, self._settings.headers)

    async def close(self) -> None:
        """See `Transport`."""
        await self._client.close()

    async def send(self, request: bytes) -> Answer:
        """See `Transport`."""
        return await self._client.post(request)
