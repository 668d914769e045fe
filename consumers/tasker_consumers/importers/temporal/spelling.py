"""The spellings of Temporal's JSON: members, event types, times and enclosing shapes.

Protobuf has two ways to write a message as JSON, Temporal's tools have more, and each version of them its own. Whatever
means an event history is read; a shape that no tool writes is refused.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from tasker_consumers.importers.documents.node import ProtobufNode
from tasker_consumers.importers.times import read_time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Event types by their numbers in the protocol, from 1.
_NUMBERED_TYPES = re.findall(
    r"\w+",
    """
    WorkflowExecutionStarted WorkflowExecutionCompleted WorkflowExecutionFailed WorkflowExecutionTimedOut
    WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted WorkflowTaskTimedOut WorkflowTaskFailed
    ActivityTaskScheduled ActivityTaskStarted ActivityTaskCompleted ActivityTaskFailed ActivityTaskTimedOut
    ActivityTaskCancelRequested ActivityTaskCanceled TimerStarted TimerFired TimerCanceled
    WorkflowExecutionCancelRequested WorkflowExecutionCanceled RequestCancelExternalWorkflowExecutionInitiated
    RequestCancelExternalWorkflowExecutionFailed ExternalWorkflowExecutionCancelRequested MarkerRecorded
    WorkflowExecutionSignaled WorkflowExecutionTerminated WorkflowExecutionContinuedAsNew
    StartChildWorkflowExecutionInitiated StartChildWorkflowExecutionFailed ChildWorkflowExecutionStarted
    ChildWorkflowExecutionCompleted ChildWorkflowExecutionFailed ChildWorkflowExecutionCanceled
    ChildWorkflowExecutionTimedOut ChildWorkflowExecutionTerminated
    """,
)


class TemporalNode(ProtobufNode):
    """A value of a history."""


def camel(name: str, prefix: str) -> str:
    """Return an enum's member in the older of the spellings that Temporal's JSON has.

    >>> {camel(name, "EVENT_TYPE_") for name in ("EVENT_TYPE_TIMER_FIRED", "TIMER_FIRED", "TimerFired")}
    {'TimerFired'}
    """
    if not name.isupper():
        return name
    return "".join(part.capitalize() for part in name.removeprefix(prefix).split("_"))


def enum_name(node: TemporalNode, prefix: str, numbered: Mapping[int, str] = MappingProxyType({})) -> str:
    """Return an enum's member as `camel` does, also where the history has its number."""
    if isinstance(node.value, str):
        return camel(node.value, prefix)
    return numbered.get(node.value, str(node.value)) if isinstance(node.value, int) else str(node.value)


def event_type(event: TemporalNode) -> str:
    """Return an event's type in CamelCase; raise BrokenFile. A number beyond the known types tells nothing of steps."""
    node = event.get("eventType")
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        number = node.integer()
        return _NUMBERED_TYPES[number - 1] if 1 <= number <= len(_NUMBERED_TYPES) else f"EventType{number}"
    return camel(node.text(), "EVENT_TYPE_")


def event_time(event: TemporalNode) -> int:
    """Return an event's time in microseconds; raise BrokenFile."""
    node = event.get("eventTime")
    if not isinstance(node.value, dict):
        return read_time(node)
    seconds, nanos = node.get("seconds"), node.find("nanos")
    micros = (nanos.integer() if nanos else 0) // 1000
    moment = _EPOCH + timedelta(seconds=min(seconds.integer(), 2**31 - 1), microseconds=micros)
    return read_time(TemporalNode(moment.isoformat(), node.path))


def histories(root: TemporalNode) -> list[tuple[TemporalNode, bool]]:
    """Return the list of events of each history, and whether the file says that the history goes on.

    Raises BrokenFile for a shape that no tool of Temporal's writes.
    """
    if isinstance(root.value, dict):
        return list(_in_object(root))
    items = root.items()
    if items and items[0].find("eventType"):
        return [(root, False)]
    return [history for item in items for history in _in_object(item)]


def _in_object(node: TemporalNode) -> Iterator[tuple[TemporalNode, bool]]:
    if (items := node.find("items")) is not None:  # an export of Temporal Cloud
        for item in items.items():
            yield from _in_object(item)
        return
    history = node.find("history") or node
    goes_on = any(part.find("nextPageToken") is not None for part in (node, history))
    yield history.get("events"), goes_on


def in_order(events: TemporalNode) -> list[TemporalNode]:
    """Return events by their ids: the tools write them newest first, too; raise BrokenFile."""
    nodes = events.items()
    if not nodes:
        events.refuse("at least one event")
    return sorted(nodes, key=lambda node: node.get("eventId").integer())
