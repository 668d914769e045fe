"""Which spans of a task can be exported now, and what is left of the task afterwards."""

from collections.abc import Iterator

from tasker_consumers.telemetry.attempt_span import SpanNames, attempt_span
from tasker_consumers.telemetry.context import SpanContext, freeze, task_context
from tasker_consumers.telemetry.event import FAILED, RANK
from tasker_consumers.telemetry.fold import COMPLETE, digest, latest_task_fact
from tasker_consumers.telemetry.span import Span
from tasker_consumers.telemetry.state import Attempt, Closed, Group, TaskState
from tasker_consumers.telemetry.task_span import end_span, loose_groups, task_span

ABANDONED = "tasker.abandoned"


def harvest(state: TaskState, names: SpanNames = SpanNames.TASKER) -> list[Span]:
    """Return the spans that came to an end since the last harvest, and note in the state that they are told.

    A span that ends again, like that of a failed task that was retried, is returned again under the same id.
    """
    if not state.ended and not _task_ended(state):
        return []
    context = task_context(state.head)
    spans = []
    for name in sorted(state.ended):
        attempt = state.attempt(*name)
        span = attempt_span(state, name, attempt, context, names)
        if span is not None:
            _note_attempt(state, attempt, span.span_id)
            spans.append(span)
    state.ended.clear()
    if _task_ended(state):
        spans += _task_spans(state, context, names)
        _note_task(state, context)
    if spans:
        freeze(state.head, context)
    return spans


def all_spans(state: TaskState, names: SpanNames = SpanNames.TASKER) -> list[Span]:
    """Return the spans of a task as it is now, also those that have not ended; changes nothing.

    Only for a state that nothing was harvested from: what was exported is not in a state any more.
    """
    context = task_context(state.head)
    attempts = (attempt_span(state, name, attempt, context, names) for name, attempt in attempts_of(state))
    return [*_task_spans(state, context, names), *(span for span in attempts if span is not None)]


def abandon(state: TaskState, names: SpanNames = SpanNames.TASKER) -> list[Span]:
    """Return the open spans of a task that fell silent, marked as abandoned, and note them as told.

    They are exported again under their ids should they end after all.
    """
    head = state.head
    context = task_context(head)
    spans = []
    for name, attempt in attempts_of(state):
        if "rank" not in attempt:
            span = attempt_span(state, name, attempt, context, names)
            if span is not None:
                _note_attempt(state, state.attempt(*name), span.span_id)
                spans.append(span)
    if "told" not in head:
        spans.append(task_span(state, context, names))
    head["abandoned"] = True
    if spans:
        freeze(head, context)
    return [span._replace(attributes={**span.attributes, ABANDONED: True}) for span in spans]


def close(state: TaskState) -> None:
    """Drop the facts of a task that is over; what is left knows stragglers, and goes on with a failed task's retry."""
    head = state.head
    latest = latest_task_fact(head)
    if latest is None:
        head["closed"] = Closed(end=head["last"], rank=FAILED)  # fell silent: any later event shows that it lives
    else:
        head["closed"] = Closed(end=max(latest[0], head["last"]), rank=max(latest[1], FAILED))
    context = task_context(head)
    freeze(head, context)
    span = task_span(state, context, SpanNames.TASKER)
    head["begun"] = span.start // 1000
    head["facts"], head["extras"] = {}, {}
    head.pop("step_context", None)
    if head["closed"]["rank"] > FAILED:  # it can never go on: its context is not asked for again
        for name in ("context", "frozen", "told"):
            head.pop(name, None)  # type: ignore[misc]  # the names of keys that may be missing
    state.forget_steps()


def attempts_of(state: TaskState) -> Iterator[tuple[tuple[str, str], Attempt]]:
    """Iterate over step id and number, and attempt, of all attempts."""
    for bucket in state.buckets():
        for step_id, attempts in list(bucket["steps"].items()):
            for number, attempt in list(attempts.items()):
                yield (step_id, number), attempt


def _task_spans(state: TaskState, context: SpanContext, names: SpanNames) -> list[Span]:
    root = task_span(state, context, names)
    end = end_span(state, root, names)
    return [root] if end is None else [root, end]


def _task_ended(state: TaskState) -> bool:
    """Return whether the task has an end that its span was not yet exported with."""
    latest = latest_task_fact(state.head)
    return latest is not None and latest[1] >= FAILED and state.head.get("told") != list(latest)


def _note_attempt(state: TaskState, attempt: Attempt, span_id: str) -> None:
    facts = attempt["facts"]
    attempt["span_id"] = span_id
    attempt["rank"] = rank = max(RANK.get(fact["event_name"], -1) for fact in facts.values())
    attempt["told"] = [digest(event_id) for event_id in facts]
    if rank >= COMPLETE:
        attempt["facts"] = {}
        if span_id in state.bucket(span_id)["groups"]:
            _note_group(state.change(span_id)["groups"][span_id])


def _note_task(state: TaskState, context: SpanContext) -> None:
    latest = latest_task_fact(state.head)
    assert latest is not None, "only a task with an end is exported"
    state.head["told"] = list(latest)
    if latest[1] >= COMPLETE:
        for span_id in loose_groups(state, context):
            _note_group(state.change(span_id)["groups"][span_id])


def _note_group(group: Group) -> None:
    group["told"] += [digest(event_id) for event_id in group["facts"]]
    group["facts"] = {}
