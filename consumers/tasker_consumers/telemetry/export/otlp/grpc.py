"""OTLP over gRPC; requests go as the bytes they are."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # its stubs are a package of their own
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tasker_consumers.telemetry.export.otlp.settings import OtlpSettings
from tasker_consumers.telemetry.export.sending.answers import MAX_WAIT_S, Answer, Then, grpc_row, split, success, wait
from tasker_consumers.telemetry.export.sending.endpoint import without_credentials
from tasker_schemas.errors import ConfigurationError


class GrpcTransport:
    """Calls the service of a signal at an OTLP endpoint."""

    def __init__(self, settings: OtlpSettings) -> None:
        self._settings = settings
        self._target = urlsplit(settings.endpoint).netloc
        self._credentials = None if settings.insecure else _credentials(settings)
        self._channel: Any = None
        self._export: Any = None

    @property
    def description(self) -> str:
        """Protocol and endpoint without credentials, for the log."""
        return f"otlp (grpc) to {without_credentials(self._settings.endpoint)}"

    async def open(self) -> None:
        """See `Transport`."""
        compression = grpc.Compression.Gzip if self._settings.gzip else grpc.Compression.NoCompression
        if self._credentials is None:
            self._channel = grpc.aio.insecure_channel(self._target, compression=compression)
        else:
            self._channel = grpc.aio.secure_channel(self._target, self._credentials, compression=compression)
        self._export = self._channel.unary_unary(
            self._settings.signal.method,
            request_serializer=bytes,
            response_deserializer=ExportTraceServiceResponse.FromString,  # that for logs has the same fields
        )

    async def close(self) -> None:
        """See `Transport`."""
        if self._channel is not None:
            await self._channel.close()

    async def send(self, request: bytes) -> Answer:
        """See `Transport`."""
        metadata = tuple(self._settings.headers.items())
        try:
            response = await self._export(request, timeout=self._settings.timeout_s, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            return _answer(error)
        partial = response.partial_success
        return success(partial.rejected_spans, partial.error_message)


def _answer(error: grpc.aio.AioRpcError) -> Answer:
    code, details = error.code(), error.details() or ""
    message = f"gRPC {code.name}: {details}"
    # A message beyond the server's limit is refused with the code of a server that is short of memory.
    too_large = code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in details
    if too_large or grpc_row(code.name).then is Then.SPLIT:
        return split(message)
    return wait(message, _retry_after(error))


def _retry_after(error: grpc.aio.AioRpcError) -> float | None:
    """Return the seconds that the backend's RetryInfo asks for, at most five minutes."""
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            try:
                return _retry_delay(Status.FromString(value))
            except DecodeError:
                return None
    return None


def _retry_delay(status: Any) -> float | None:
    for detail in status.details:
        info = RetryInfo()
        if detail.Unpack(info):
            seconds: float = info.retry_delay.seconds + info.retry_delay.nanos / 1e9
            return min(max(0.0, seconds), MAX_WAIT_S)
    return None


def _credentials(settings: OtlpSettings) -> grpc.ChannelCredentials:
    def read(path: str) -> bytes | None:
        return Path(path).read_bytes() if path else None

    try:
        return grpc.ssl_channel_credentials(
            read(settings.certificate), read(settings.client_key), read(settings.client_certificate)
        )
    except OSError as error:
        raise ConfigurationError(
            f"The certificates for {without_credentials(settings.endpoint)} cannot be read: {error}."
        ) from error
