"""Bodies of 2xx answers: whether the protocol's server wrote them, and how many items OTLP's reject."""

from collections.abc import Callable
from typing import Any

import orjson
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # its stubs are a package of their own
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tasker_consumers.telemetry.export.sending.answers import Answer, success, wait

ReadBody = Callable[[str, bytes], Answer]
"""Reads the body of a 2xx answer; given are its media type in lower case, empty when there was none, and the body."""

MAX_BODY_BYTES = 65_536  # an answer of the protocol is far shorter

_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def read_otlp_body(media_type: str, body: bytes) -> Answer:
    """Read OTLP's answer in either of its encodings.

    >>> read_otlp_body("application/json", b"{}").then
    <Then.TAKEN: 'taken'>
    >>> read_otlp_body("text/html", b"<html>sign in</html>").message
    'answered with a web page, not OTLP'
    """
    if media_type in _PAGES:
        return wait("answered with a web page, not OTLP")
    if not body:
        return success()
    if media_type == "application/json" or (not media_type and body.lstrip()[:1] == b"{"):
        return _of_json(body)
    if media_type in ("application/x-protobuf", "application/protobuf", "application/octet-stream", ""):
        return _of_protobuf(body)
    return wait(f"answered with {media_type}, not OTLP")


def read_zipkin_body(media_type: str, body: bytes) -> Answer:
    """Read Zipkin's answer, which is empty; a JSON object is as good.

    >>> read_zipkin_body("", b"").then
    <Then.TAKEN: 'taken'>
    """
    if media_type in _PAGES:
        return wait("answered with a web page, not Zipkin's answer")
    if not body or (_json_object(body) is not None and "error" not in (_json_object(body) or {})):
        return success()
    return wait(f"answered with {media_type or 'a text'}, not Zipkin's answer")


def _of_protobuf(body: bytes) -> Answer:
    if len(body) > MAX_BODY_BYTES:
        return wait("answered with more than OTLP's answer")
    try:
        partial = ExportTraceServiceResponse.FromString(body).partial_success  # that for logs has the same fields
    except DecodeError:
        return wait("answered with a text, not OTLP")
    return success(partial.rejected_spans, partial.error_message)


def _of_json(body: bytes) -> Answer:
    answer = _json_object(body)
    if answer is None or "error" in answer:
        return wait("answered with JSON that is not OTLP's")
    partial = answer.get("partialSuccess") or {}
    if not isinstance(partial, dict):
        return wait("answered with JSON that is not OTLP's")
    rejected = partial.get("rejectedSpans", partial.get("rejectedLogRecords", 0))
    return success(_whole_number(rejected), str(partial.get("errorMessage", "")))


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _whole_number(value: Any) -> int:
    """Return a number of 64 bits, which JSON may write as a text."""
    try:
        return min(max(int(value), _LOWEST), _HIGHEST)
    except (TypeError, ValueError, OverflowError):
        return 0
