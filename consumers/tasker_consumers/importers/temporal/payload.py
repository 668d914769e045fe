"""Temporal's payloads and failures, as plain values."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from tasker_consumers.importers.temporal.spelling import TemporalNode, enum_name

_KINDS = {
    "applicationFailureInfo": "ApplicationFailure",
    "timeoutFailureInfo": "TimeoutFailure",
    "canceledFailureInfo": "CanceledFailure",
    "terminatedFailureInfo": "TerminatedFailure",
    "serverFailureInfo": "ServerFailure",
    "resetWorkflowFailureInfo": "ResetWorkflowFailure",
    "activityFailureInfo": "ActivityFailure",
    "childWorkflowExecutionFailureInfo": "ChildWorkflowFailure",
    "nexusOperationExecutionFailureInfo": "NexusOperationFailure",
    "nexusHandlerFailureInfo": "NexusHandlerFailure",
}
_TIMEOUTS = {1: "StartToClose", 2: "ScheduleToStart", 3: "ScheduleToClose", 4: "Heartbeat"}
_ENCODING = re.compile(r"[a-z]+/[a-z0-9.+-]+")  # as a name; base64 of any such name has capitals
_UNREADABLE = "<unreadable payload>"
_WRAPPERS = ("activityFailureInfo", "childWorkflowExecutionFailureInfo", "nexusOperationExecutionFailureInfo")


def payload_values(node: TemporalNode | None) -> list[Any]:
    """Return the values of a group of payloads.

    JSON is decoded, also where Temporal's UI has decoded it before; any other value is described in a few words. An
    unreadable value never refuses a history.

    >>> readable = {"metadata": {"encoding": "json/plain"}, "data": {"n": 1}}
    >>> odd = {"metadata": {"encoding": "?"}, "data": "%"}
    >>> payload_values(TemporalNode({"payloads": [readable, {"n": 2}, "x", odd]}))
    [{'n': 1}, {'n': 2}, 'x', '<unreadable payload>']
    """
    payloads = node.value.get("payloads") if node is not None and isinstance(node.value, dict) else None
    return [_value(payload) for payload in payloads] if isinstance(payloads, list) else []


def _value(payload: Any) -> Any:
    if not isinstance(payload, dict) or not isinstance(payload.get("metadata"), dict):
        return _with_floats(payload)
    encoding, data = payload["metadata"].get("encoding"), payload.get("data")
    is_readable = isinstance(encoding, str) and _ENCODING.fullmatch(encoding) is not None
    name = encoding if is_readable or encoding is None else _text_of(_decoded(encoding))
    if name == "binary/null":
        return None
    if data is not None and not isinstance(data, str):
        return _with_floats(data)  # decoded by the tool that wrote the file
    if name is None and encoding is not None:
        return _UNREADABLE
    return _content(name or "unknown", data or "", data if is_readable else None)


def _content(name: str, data: str, readable: str | None) -> Any:
    """Return the value of encoded data; `readable` is the text of a tool that decoded it before, if there is any."""
    content = _decoded(data)
    if name.startswith("json/"):
        try:
            return json.loads(content or b"", parse_constant=str)
        except (ValueError, RecursionError):
            size = f"<{name}, {len(content)} bytes, not readable>" if content is not None else _UNREADABLE
            return size if readable is None else readable
    return f"<{name}, {len(content)} bytes>" if content is not None else _UNREADABLE


def _decoded(text: Any) -> bytes | None:
    """Return the bytes of base64, with or without padding, in either alphabet; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return None


def _text_of(content: bytes | None) -> str | None:
    return content.decode("utf-8", "replace") if content else None


def _with_floats(value: Any) -> Any:
    """Return a value with floats in place of the exact fractions of the document."""
    return json.loads(json.dumps(value, default=float))


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed: the innermost reason that the history gives."""

    error_class: str
    error_message: str
    backtrace: list[str]


def read_failure(node: TemporalNode | None) -> Failure | None:
    """Return the cause of a failure; failures of activities and child workflows only wrap it."""
    if node is None:
        return None
    while (cause := node.find("cause")) and node.find(*_WRAPPERS):
        node = cause
    message, trace = node.find("message"), node.find("stackTrace")
    return Failure(
        error_class=_class_of(node),
        error_message=message.text() if message else "",
        backtrace=_frames(trace.text()) if trace else [],
    )


def _class_of(node: TemporalNode) -> str:
    kind = next((kind for kind in _KINDS if node.find(kind)), None)
    if kind is None:
        return "Failure"
    detail = node.get(kind).find("type", "timeoutType")
    if detail is None:
        return _KINDS[kind]
    if kind == "timeoutFailureInfo":
        return f"{_KINDS[kind]}:{enum_name(detail, 'TIMEOUT_TYPE_', _TIMEOUTS)}"
    return str(detail.value)


def _frames(trace: str) -> list[str]:
    """Return a stack trace's lines with the innermost last; Java, Go and TypeScript print it first."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    return lines if any(line.startswith('File "') for line in lines) else lines[::-1]
