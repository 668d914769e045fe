"""The fold: events of a task, in any order and any number of times, into the facts of its spans.

A state is a union of facts by event id and a few minima, so folding is commutative, associative and idempotent. Only
an export puts an end to that: a span is exported when its end is known, and what comes later is counted as late.
"""

from typing import Any
from zlib import crc32

import orjson

from tasker_consumers.telemetry.core.bounds import trim
from tasker_consumers.telemetry.core.event import FAILED, Event
from tasker_consumers.telemetry.core.state import Closed, Fact, Facts, Head, TaskState
from tasker_schemas.catalogue import RANK_AFTER
from tasker_schemas.identity import task_span_id
from tasker_schemas.names import Family, TaskEvents

_TASK, _STEP = Family.TASK, Family.STEP  # to look a member up in its enum costs as much as a comparison
_START_REQUESTED = str(TaskEvents.START_REQUESTED)

COMPLETE = 4  # the rank from which on the facts of what was exported are dropped


def fold(state: TaskState | None, event: Event) -> TaskState:
    """Return the state after an event of its task; the given state is changed.

    The event must belong to a task: custom events outside of one have no state.
    """
    family, data, carried = event
    at: int = data["timestamp"]
    if state is None:
        state = TaskState.of_task(data["task_id"], at)
    head = state.head
    if "closed" in head:
        if not _reopens(head["closed"], data):
            head["late"] += 1
            return state
        del head["closed"]
    if not head["first"] <= at <= head["last"]:
        head["first"], head["last"] = min(head["first"], at), max(head["last"], at)
    event_id: str = data["event_id"]
    fact = data.copy()
    del fact["event_id"], fact["task_id"]
    if carried is not None:
        fact["ctx"] = [*carried]  # as JSON brings it back
    if family is _STEP:
        _learn_step_context(head, event_id, fact)
        _fold_attempt(state, (data["step_id"], str(data["attempt_number"])), event_id, fact)
    elif family is _TASK:
        _learn_context(head, event_id, fact)
        _fold_task(state, event_id, fact)
    else:
        _fold_remark(state, family, event_id, fact)
    return state


def digest(event_id: str) -> int:
    """Return a short digest of an event id: enough to tell a second delivery from a late event of the same span."""
    return crc32(event_id.encode())


def latest_task_fact(head: Head) -> tuple[int, int, str] | None:
    """Return time, rank and event id of the event that a task's status follows from; None before any.

    The latest event decides, because a failed task can be retried; of two at once, the one that goes further.
    """
    latest: tuple[int, int, str] | None = None
    for event_id, fact in head["facts"].items():
        if latest is None or fact["timestamp"] >= latest[0]:
            one = fact["timestamp"], RANK_AFTER.get(fact["event_name"], -1), event_id
            if latest is None or one > latest:
                latest = one
    return latest


def _keep(facts: Facts, event_id: str, fact: Fact) -> bool:
    """Add a fact, and return whether it was new; of two that claim the same event id, always the same one stays."""
    known = facts.setdefault(event_id, fact)
    if known is fact:
        return True
    if known != fact:
        facts[event_id] = max(known, fact, key=_canonical)
    return False


def _canonical(fact: Fact) -> bytes:
    return orjson.dumps(fact, option=orjson.OPT_SORT_KEYS)


def _learn_context(head: Head, event_id: str, fact: Fact) -> None:
    """Keep the earliest context of the task; the fact itself need not carry it any further."""
    context = fact.pop("ctx", None)
    if context is not None:
        told = [fact["timestamp"], event_id, *context]
        known = head.get("context")
        if known is None or told < known:
            head["context"] = told


def _learn_step_context(head: Head, event_id: str, fact: Fact) -> None:
    if "ctx" in fact:
        trace_id, span_id, flags, parent_id, tracestate = fact["ctx"]
        known = head.get("step_context")
        # One that knows the parent beats any that does not.
        if known is None or (not parent_id, fact["timestamp"], event_id) < (known[0], known[1], known[2]):
            if span_id == task_span_id(head["task_id"]):  # sent with the task's context: there is no nearer parent
                parent_id = span_id
            head["step_context"] = [not parent_id, fact["timestamp"], event_id, trace_id, parent_id, flags, tracestate]


def _fold_task(state: TaskState, event_id: str, fact: Fact) -> None:
    head = state.head
    if fact["event_name"] == _START_REQUESTED:
        start = [fact.get("started_at", fact["timestamp"]), fact.get("producer", "")]
        head["start"] = min(head.get("start", start), start)
    if _keep(head["facts"], event_id, fact) and "told" in head:
        latest = latest_task_fact(head)
        if latest is None or latest[2] != event_id:
            _count_late(state, event_id, None, fact, head["told"][1])


def _fold_extra(head: Head, event_id: str, fact: Fact) -> None:
    if _keep(head["extras"], event_id, fact):
        if dropped := trim(head["extras"]):
            head["dropped"] = head.get("dropped", 0) + dropped
        head["late"] += "told" in head


def _fold_attempt(state: TaskState, name: tuple[str, str], event_id: str, fact: Fact) -> None:
    attempt = state.attempt(*name)
    rank = RANK_AFTER.get(fact["event_name"], -1)
    exported = attempt.get("rank")
    if exported is None:
        _keep(attempt["facts"], event_id, fact)
        trim(attempt["facts"])
        if rank >= FAILED:
            state.ended.add(name)
    elif digest(event_id) not in attempt["told"]:
        attempt["told"].append(digest(event_id))
        if exported < COMPLETE:
            attempt["facts"][event_id] = fact
        if rank >= FAILED and rank > exported:
            state.ended.add(name)  # it ended again, or after all: the span is exported anew under its id
        elif exported >= FAILED:
            _count_late(state, event_id, name, fact, exported)


def _count_late(state: TaskState, event_id: str, name: tuple[str, str] | None, fact: Fact, exported: int) -> None:
    """Count a late event; an error that the exported span does not show is kept for a span of its own."""
    state.head["late"] += 1
    if RANK_AFTER.get(fact["event_name"]) == FAILED != exported:
        state.late_errors.append((event_id, name, fact))


def _fold_remark(state: TaskState, family: Family, event_id: str, fact: Fact) -> None:
    """Fold what tells no state: it becomes a span event of the span that it is about, or else of the task's."""
    about_step = family is Family.OBSERVABILITY and "step_id" in fact
    if about_step and "attempt_number" in fact:
        _fold_attempt(state, (fact["step_id"], str(fact["attempt_number"])), event_id, fact)
    elif (about_step or family is Family.CUSTOM) and "ctx" in fact:
        _fold_grouped(state, event_id, fact)
    else:
        if family is not Family.CUSTOM and not about_step:
            _learn_context(state.head, event_id, fact)
        _fold_extra(state.head, event_id, fact)


def _fold_grouped(state: TaskState, event_id: str, fact: Fact) -> None:
    span_id = fact["ctx"][1]
    groups = state.change(span_id)["groups"]
    group = groups.get(span_id)
    if group is None:
        group = groups[span_id] = {"facts": {}, "told": []}
    if digest(event_id) not in group["told"] and _keep(group["facts"], event_id, fact):
        trim(group["facts"])
        state.head["late"] += "told" in state.head


def _reopens(closed: Closed, data: dict[str, Any]) -> bool:
    """Return whether an event makes a closed task go on: only one after a failure can, a retry for instance."""
    return closed["rank"] == FAILED and data["timestamp"] > closed["end"]
