"""What Temporal's payloads and failures say, as plain values."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from tasker_consumers.importers.document import Node

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
_WRAPPERS = ("activityFailureInfo", "childWorkflowExecutionFailureInfo", "nexusOperationExecutionFailureInfo")


def payload_values(node: Node | None) -> list[Any]:
    """Return what a group of payloads holds: JSON decoded, text as it is, anything else described in a few words."""
    listed = node.find("payloads") if node else None
    return [_value(payload) for payload in (listed.items() if listed else ())]


def _value(payload: Node) -> Any:
    metadata = payload.find("metadata")
    encoding_node = metadata.find("encoding") if metadata else None
    encoding = _unpacked(encoding_node).decode("utf-8", "replace") if encoding_node else "unknown"
    data_node = payload.find("data")
    data = _unpacked(data_node) if data_node and data_node.value != "" else b""
    if encoding == "binary/null":
        return None
    if encoding.startswith("json/"):
        try:
            return json.loads(data, parse_constant=str)
        except (ValueError, RecursionError):
            return f"<{encoding}, {len(data)} bytes, not readable>"
    return f"<{encoding}, {len(data)} bytes>"


def _unpacked(node: Node) -> bytes:
    try:
        return base64.b64decode(node.text(), validate=True)
    except (binascii.Error, ValueError):
        node.refuse("base64")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed: the innermost reason that the history gives."""

    error_class: str
    error_message: str
    backtrace: list[str]


def read_failure(node: Node | None) -> Failure | None:
    """Return what a failure says; activities and child workflows that failed are only wrappers around the cause."""
    if node is None:
        return None
    while (cause := node.find("cause")) and node.find(*_WRAPPERS):
        node = cause
    message, trace = node.find("message"), node.find("stackTrace")
    return Failure(
        error_class=_class_of(node),
        error_message=message.text() if message and message.value else "",
        backtrace=_frames(trace.text()) if trace and trace.value else [],
    )


def _class_of(node: Node) -> str:
    info = node.find(*_KINDS)
    if info is None:
        return "Failure"
    kind = info.path.rpartition(".")[2]
    detail = info.find("type", "timeoutType")
    if detail is None or not detail.value:
        return _KINDS[kind]
    if kind == "timeoutFailureInfo":
        return f"{_KINDS[kind]}:{camel(detail.text(), 'TIMEOUT_TYPE_')}"
    return detail.text()


def _frames(trace: str) -> list[str]:
    """Return a stack trace's lines with the innermost last; Java, Go and TypeScript print it first."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    return lines if any(line.startswith('File "') for line in lines) else lines[::-1]


def camel(name: str, prefix: str) -> str:
    """Return an enum's member in the older of the two spellings that Temporal's JSON has.

    >>> camel("EVENT_TYPE_TIMER_FIRED", "EVENT_TYPE_"), camel("TimerFired", "EVENT_TYPE_")
    ('TimerFired', 'TimerFired')
    """
    if not name.startswith(prefix):
        return name
    return "".join(part.capitalize() for part in name.removeprefix(prefix).split("_"))
