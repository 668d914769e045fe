"""The fold: events of a task, in any order and any number of times, into the facts of its spans.

A state is a union of facts by event id and a few minima, so folding is commutative, associative and idempotent. Only
an export puts an end to that: a span is exported when its end is known, and events that come later are counted as late.
"""

from typing import Any

from tasker_consumers.telemetry.core.annotations import MAX_FACT_BYTES, add_annotation, cut_fact
from tasker_consumers.telemetry.core.event import BEGUN, COMPLETE, FAILED, Event
from tasker_consumers.telemetry.core.facts import (
    NO_STATE,
    Arrival,
    AttemptKey,
    Fact,
    Facts,
    LateError,
    attempt_key,
    canonical,
    digest,
    fact_of,
)
from tasker_consumers.telemetry.core.head import Attempt, Closed, Head, TaskStart, TraceSource, source_of
from tasker_consumers.telemetry.core.state import TaskState
from tasker_consumers.waits import SIGN_EVENTS, learn_sign
from tasker_schemas.identity import task_span_id
from tasker_schemas.names import Family, TaskEvents

_TASK, _STEP = Family.TASK, Family.STEP  # to look a member up in its enum costs as much as a comparison
_CUSTOM, _OBSERVABILITY = Family.CUSTOM, Family.OBSERVABILITY
_START_REQUESTED = str(TaskEvents.START_REQUESTED)
_LONGEST_S = 1e9  # seconds; a duration of thirty years is mistaken


def fold(state: TaskState | None, event: Event) -> TaskState:
    """Return the state after an event of its task; the given state is changed.

    The event must belong to a task: custom events outside of a task have no state.
    """
    data = event.data
    timestamp: int = data["timestamp"]
    if state is None:
        state = TaskState.of_task(data["task_id"], timestamp)
    head = state.head
    if head.closed is not None:
        if not _reopens(head.closed, data):
            head.late += 1
            return state
        head.closed = None
    if not head.first <= timestamp <= head.last:
        head.first, head.last = min(head.first, timestamp), max(head.last, timestamp)
    fact = fact_of(event)
    if event.size > MAX_FACT_BYTES:
        fact = cut_fact(fact)
    family = event.family
    if timestamp > head.last_own and family is not _CUSTOM:
        head.last_own = timestamp
    if family is _STEP:
        _learn_step_source(head, fact)
        _learn_step_start(head, fact)
        _fold_attempt(state, attempt_key(data["step_id"], data["attempt_number"]), fact)
    elif family is _TASK:
        _learn_source(head, fact)
        _fold_task(state, fact)
    else:
        if family is _OBSERVABILITY and fact.name in SIGN_EVENTS:
            learn_sign(head.signs, data)
        _fold_annotation(state, family, fact)
    return state


def measured_duration(fields: dict[str, Any]) -> int | None:
    """Return the duration that an event measured, in microseconds; None when it is missing or impossible."""
    seconds: float | None = fields.get("execution_duration")
    if seconds is None or not 0 <= seconds < _LONGEST_S:  # false for NaN
        return None
    return round(seconds * 1_000_000)


def _keep(facts: Facts, fact: Fact) -> bool:
    """Add a fact, and return whether it was new; of two facts with the same event id, the same always stays."""
    stored = facts.setdefault(fact.event_id, fact)
    if stored is fact:
        return True
    if stored.fields != fact.fields or stored.carried != fact.carried:
        facts[fact.event_id] = max(stored, fact, key=canonical)
    return False


def _learn_source(head: Head, fact: Fact) -> None:
    """Keep the earliest context of the task; the fact itself need not carry it any further."""
    if fact.carried is not None:
        if head.source is None or _is_earlier(fact, head.source):
            head.source = source_of(fact)
        fact.carried = None


def _learn_step_source(head: Head, fact: Fact) -> None:
    carried, source = fact.carried, head.step_source
    if carried is None or (source is not None and not source.without_parent and fact.timestamp > source.timestamp):
        return
    parent_id = carried.parent_id
    if carried.span_id == task_span_id(head.task_id):  # sent with the task's context: there is no nearer parent
        parent_id = carried.span_id
    carried = carried._replace(span_id="", parent_id=parent_id)
    learned = TraceSource(not parent_id, fact.timestamp, fact.event_id, carried)
    if source is None or learned < source:
        head.step_source = learned


def _is_earlier(fact: Fact, source: TraceSource) -> bool:
    """Return whether a fact comes before the event that is the source of a context so far; the least context of two."""
    if fact.timestamp != source.timestamp:
        return fact.timestamp < source.timestamp
    return (fact.event_id, fact.carried) < (source.event_id, source.carried)


def _learn_step_start(head: Head, fact: Fact) -> None:
    start = _start_of(fact)
    if start is not None and (head.first_step_start is None or start < head.first_step_start):
        head.first_step_start = start


def _start_of(fact: Fact) -> int | None:
    """Return when a step's attempt started at the latest, as far as this event tells."""
    if "started_at" in fact.fields:
        started_at: int = fact.fields["started_at"]
        return started_at
    if fact.rank == BEGUN:
        return fact.timestamp
    return max(0, fact.ended_at - (measured_duration(fact.fields) or 0)) if fact.rank >= FAILED else None


def _fold_task(state: TaskState, fact: Fact) -> None:
    head = state.head
    if fact.name == _START_REQUESTED or "started_at" in fact.fields:
        start = TaskStart(fact.fields.get("started_at", fact.timestamp), fact.fields.get("producer", ""))
        head.start = start if head.start is None else min(head.start, start)
    if not _keep(head.facts, fact):
        head.status = max([stored.status for stored in head.facts.values()])
        return
    state.arrivals.append(Arrival(None, fact))
    head.status = fact.status if head.status is None else max(head.status, fact.status)
    if head.exported_end is not None and head.status.event_id != fact.event_id:
        _count_late(state, None, fact, head.exported_end.rank)


def _fold_attempt(state: TaskState, key: AttemptKey, fact: Fact) -> None:
    attempt = state.attempt(key)
    exported = attempt.exported_rank
    if exported is None:
        if _add_to_attempt(attempt, fact):
            state.arrivals.append(Arrival(key, fact))
        if fact.rank >= FAILED:
            state.ended.add(key)
        return
    event_digest = digest(fact.event_id)
    if event_digest in attempt.exported_digests:
        return
    attempt.exported_digests.add(event_digest)
    state.arrivals.append(Arrival(key, fact))
    if exported < COMPLETE:
        _add_to_attempt(attempt, fact)
    attempt.rank = max(attempt.rank, fact.rank)
    if fact.rank >= FAILED and fact.rank > exported:
        state.ended.add(key)  # it ended again, or after all: the span is exported anew under its id
    elif exported >= FAILED:
        _count_late(state, key, fact, exported)


def _add_to_attempt(attempt: Attempt, fact: Fact) -> bool:
    """Add a fact, and return whether it was new."""
    if fact.event_id in attempt.facts:
        _keep(attempt.facts, fact)
        _learn_again(attempt)
        return False
    if fact.carried is not None and (attempt.source is None or _is_earlier(fact, attempt.source)):
        attempt.source = source_of(fact)
    if fact.rank == NO_STATE:
        add_annotation(attempt, fact)
    else:
        attempt.facts[fact.event_id] = fact
        attempt.rank = max(attempt.rank, fact.rank)
    return True


def _learn_again(attempt: Attempt) -> None:
    """Derive from the facts again, after a fact may have been replaced."""
    ranks = [fact.rank for fact in attempt.facts.values()]
    attempt.rank = max(ranks if attempt.exported_rank is None else [attempt.exported_rank, *ranks])
    sources = [source_of(fact) for fact in attempt.facts.values() if fact.carried is not None]
    attempt.source = min(sources, default=None)


def _count_late(state: TaskState, key: AttemptKey | None, fact: Fact, exported_rank: int) -> None:
    """Count a late event; an error that the exported span does not show is kept for a span of its own."""
    state.head.late += 1
    if fact.rank == FAILED != exported_rank:
        state.late_errors.append(LateError(key, fact))


def _fold_annotation(state: TaskState, family: Family, fact: Fact) -> None:
    """Fold an event that tells no state: it becomes a span event of the span that it is about, or of the task's."""
    fields = fact.fields
    about_step = family is _OBSERVABILITY and "step_id" in fields
    if about_step and "attempt_number" in fields:
        _fold_attempt(state, attempt_key(fields["step_id"], fields["attempt_number"]), fact)
    elif (about_step or family is _CUSTOM) and fact.carried is not None:
        _fold_grouped(state, fact.carried.span_id, fact)
    else:
        if family is not _CUSTOM and not about_step:
            _learn_source(state.head, fact)
        _fold_on_task(state, fact)


def _fold_on_task(state: TaskState, fact: Fact) -> None:
    head, annotations = state.head, state.head.annotations
    if fact.event_id in annotations.facts:
        _keep(annotations.facts, fact)
        return
    state.arrivals.append(Arrival(None, fact))
    add_annotation(annotations, fact)
    head.late += head.exported_end is not None


def _fold_grouped(state: TaskState, span_id: str, fact: Fact) -> None:
    group = state.group(span_id)
    if digest(fact.event_id) in group.exported_digests:
        return
    if fact.event_id in group.facts:
        _keep(group.facts, fact)
        return
    state.arrivals.append(Arrival(None, fact))
    add_annotation(group, fact)
    state.head.late += state.head.exported_end is not None


def _reopens(closed: Closed, data: dict[str, Any]) -> bool:
    """Return whether an event makes a closed task go on: only an event after a failure can, a retry for instance."""
    timestamp: int = data["timestamp"]
    return closed.rank == FAILED and timestamp > closed.end
