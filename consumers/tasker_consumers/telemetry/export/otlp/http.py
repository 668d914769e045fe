"""OTLP over HTTP."""

import asyncio
import gzip
import ssl

from tasker_consumers.telemetry.export.http_client import HttpClient
from tasker_consumers.telemetry.export.otlp.settings import OtlpSettings
from tasker_consumers.telemetry.export.sending.answers import Answer
from tasker_consumers.telemetry.export.sending.endpoint import without_credentials
from tasker_consumers.telemetry.export.sending.http_bodies import read_otlp_body
from tasker_schemas.errors import ConfigurationError


class HttpTransport:
    """Posts requests to an OTLP endpoint."""

    def __init__(self, settings: OtlpSettings) -> None:
        self._settings = settings
        self._tls = _tls(settings)
        self._client = HttpClient(settings.endpoint, settings.timeout_s, read_otlp_body)

    @property
    def description(self) -> str:
        """Protocol and endpoint without credentials, for the log."""
        return f"otlp ({self._settings.protocol}) to {without_credentials(self._settings.endpoint)}"

    async def open(self) -> None:
        """See `Transport`."""
        encoding = {"Content-Encoding": "gzip"} if self._settings.gzip else {}
        content = {"Content-Type": "application/x-protobuf", **encoding}
        await self._client.open(content, self._settings.headers)

    async def close(self) -> None:
        """See `Transport`."""
        await self._client.close()

    async def send(self, request: bytes) -> Answer:
        """See `Transport`."""
        # Compression of a large request would hold the event loop, and with it the group's heartbeats.
        body = await asyncio.to_thread(gzip.compress, request, 1) if self._settings.gzip else request
        return await self._client.post(body, self._tls)


def _tls(settings: OtlpSettings) -> ssl.SSLContext | bool:
    if not (settings.certificate or settings.client_certificate):
        return True
    try:
        context = ssl.create_default_context(cafile=settings.certificate or None)
        if settings.client_certificate:
            context.load_cert_chain(settings.client_certificate, settings.client_key or None)
    except OSError as error:  # also an unusable certificate
        endpoint = without_credentials(settings.endpoint)
        raise ConfigurationError(f"The certificates for {endpoint} cannot be read: {error}.") from error
    return context
