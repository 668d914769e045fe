"""A task's state as it is stored: JSON, and only here.

The keys are those of the changelog, which older workers wrote and newer ones read: they stay, whatever the fields of
the values are called.
"""

from collections.abc import Callable
from typing import Any

import orjson

from tasker_consumers.telemetry.core.event import Carried
from tasker_consumers.telemetry.core.facts import NO_STATE, AttemptKey, Facts, StatusEvent, make_fact
from tasker_consumers.telemetry.core.head import (
    Annotated,
    Attempt,
    Bucket,
    Closed,
    Gap,
    Group,
    Head,
    TaskStart,
    TraceSource,
    source_of,
)
from tasker_schemas.waiting import Sign

Read = Callable[[bytes], bytes | None]
Json = dict[str, Any]


def bucket_key(key: bytes, number: int) -> bytes:
    """Return the key of a bucket of the task with that key."""
    return key + b"\x00%02x" % number


def read_head(key: bytes, read: Read) -> Head | None:
    """Return the stored head of a task."""
    data = read(key)
    return None if data is None else _head(orjson.loads(data))


def write_head(head: Head) -> bytes:
    """Return a head as it is stored."""
    return orjson.dumps(_head_json(head))


def read_bucket(key: bytes, number: int, read: Read | None) -> Bucket:
    """Return a stored bucket, or an empty bucket if none is stored."""
    data = None if read is None else read(bucket_key(key, number))
    return Bucket() if data is None else _bucket(orjson.loads(data))


def write_bucket(bucket: Bucket) -> bytes | None:
    """Return a bucket as it is stored, None for an empty bucket."""
    return orjson.dumps(_bucket_json(bucket)) if bucket.steps or bucket.groups else None


def _head(data: Json) -> Head:
    open_spans = data.get("open", (0, 0))
    annotations = Annotated()
    _read_annotated(annotations, {"facts": data["extras"], "gap": data.get("gap"), "dropped": data.get("dropped", 0)})
    head = Head(data["task_id"], data["first"], data["last"])
    head.facts, head.annotations, head.bucket = _facts(data["facts"]), annotations, _bucket(data["bucket"])
    head.last_own = data.get("last_own", head.last)
    head.signs = {step_id: Sign(*sign) for step_id, sign in data.get("signs", {}).items()}
    head.spilled, head.steps, head.late, head.seen_at = data["spilled"], data["steps"], data["late"], data["seen_at"]
    head.open_tasks, head.open_attempts = open_spans[0], open_spans[1]
    head.provisional, head.abandoned = "provisional" in data, "abandoned" in data
    head.awaiting_steps, head.sampled_by_ratio = "short" in data, "by_ratio" in data
    head.sampled, head.exported_start, head.first_step_start = map(data.get, ("sampled", "begun", "first_step"))
    head.source, head.step_source = _source(data.get("context")), _step_source(data.get("step_context"))
    head.status = max([fact.status for fact in head.facts.values()], default=None)
    head.exported_ids = (data["frozen"][0], data["frozen"][1]) if "frozen" in data else None
    head.exported_end = StatusEvent(*data["told"]) if "told" in data else None
    head.start = TaskStart(*data["start"]) if "start" in data else None
    head.closed = Closed(**data["closed"]) if "closed" in data else None
    head.pending_export = {_pending_key(name): since for name, since in data.get("waiting", {}).items()}
    return head


def _head_json(head: Head) -> Json:
    data: Json = {
        "task_id": head.task_id, "facts": _facts_json(head.facts), "extras": _facts_json(head.annotations.facts),
        "first": head.first, "last": head.last, "late": head.late, "seen_at": head.seen_at, "steps": head.steps,
        "open": [head.open_tasks, head.open_attempts], "spilled": head.spilled, "bucket": _bucket_json(head.bucket),
    }  # fmt: skip
    for name, value in (
        ("context", head.source and _source_json(head.source)),
        ("step_context", head.step_source and _step_source_json(head.step_source)),
        ("frozen", head.exported_ids),
        ("told", head.exported_end and [*head.exported_end]),
        ("start", head.start and [head.start.timestamp, head.start.producer]),
        ("begun", head.exported_start),
        ("first_step", head.first_step_start),
        ("closed", head.closed and {"end": head.closed.end, "rank": head.closed.rank}),
        ("sampled", head.sampled),
        ("last_own", None if head.last_own == head.last else head.last_own),
        ("signs", {step_id: [*sign] for step_id, sign in head.signs.items()} or None),
    ):
        if value is not None:
            data[name] = value
    if head.pending_export:
        data["waiting"] = {_pending_name(key): since for key, since in head.pending_export.items()}
    for name, is_set in (
        ("provisional", head.provisional),
        ("abandoned", head.abandoned),
        ("short", head.awaiting_steps),
        ("by_ratio", head.sampled_by_ratio),
    ):
        if is_set:
            data[name] = True
    _write_gap(data, head.annotations.gap)
    return data


def _bucket(data: Json) -> Bucket:
    steps = {
        step_id: {int(number): _attempt(attempt) for number, attempt in attempts.items()}
        for step_id, attempts in data["steps"].items()
    }
    bucket = Bucket()
    bucket.steps = steps
    bucket.groups = {span_id: _group(group) for span_id, group in data["groups"].items()}
    bucket.open_attempts = data.get("open")
    return bucket


def _bucket_json(bucket: Bucket) -> Json:
    data: Json = {
        "steps": {
            step_id: {str(number): _attempt_json(attempt) for number, attempt in attempts.items()}
            for step_id, attempts in bucket.steps.items()
        },
        "groups": {span_id: _group_json(group) for span_id, group in bucket.groups.items()},
    }
    if bucket.open_attempts is not None:
        data["open"] = bucket.open_attempts
    return data


def _attempt(data: Json) -> Attempt:
    attempt = Attempt()
    attempt.span_id, attempt.exported_rank = data.get("span_id", ""), data.get("rank")
    attempt.exported_digests = set(data.get("told", ()))
    _read_annotated(attempt, data)
    ranks = [fact.rank for fact in attempt.facts.values()]
    attempt.rank = max([NO_STATE, *ranks] if attempt.exported_rank is None else [attempt.exported_rank, *ranks])
    sources = [source_of(fact) for fact in attempt.facts.values() if fact.carried is not None]
    attempt.source = min(sources, default=None)
    return attempt


def _attempt_json(attempt: Attempt) -> Json:
    data: Json = {"facts": _facts_json(attempt.facts)}
    if attempt.exported_rank is not None:
        data |= {"span_id": attempt.span_id, "rank": attempt.exported_rank, "told": sorted(attempt.exported_digests)}
    _write_gap(data, attempt.gap)
    return data


def _group(data: Json) -> Group:
    group = Group()
    group.exported_digests = set(data["told"])
    _read_annotated(group, data)
    return group


def _group_json(group: Group) -> Json:
    data: Json = {"facts": _facts_json(group.facts), "told": sorted(group.exported_digests)}
    _write_gap(data, group.gap)
    return data


def _read_annotated(annotated: Annotated, data: Json) -> None:
    annotated.facts = _facts(data["facts"])
    annotated.size = sum([fact.size for fact in annotated.facts.values()])
    dropped = data.get("dropped", 0)
    if gap := data.get("gap"):
        annotated.gap = Gap(dropped, (gap[0], gap[1]), (gap[2], gap[3]))
    elif dropped:
        annotated.gap = Gap(dropped)


def _write_gap(data: Json, gap: Gap) -> None:
    if gap.dropped:
        data["dropped"] = gap.dropped
    if gap.first is not None and gap.last is not None:
        data["gap"] = [*gap.first, *gap.last]


def _facts(data: Json) -> Facts:
    facts: Facts = {}
    for event_id, fields in data.items():
        carried = fields.pop("ctx", None)
        facts[event_id] = make_fact(event_id, fields, None if carried is None else Carried(*carried))
    return facts


def _facts_json(facts: Facts) -> Json:
    return {
        event_id: fact.fields if fact.carried is None else {**fact.fields, "ctx": [*fact.carried]}
        for event_id, fact in facts.items()
    }


def _source(data: list[Any] | None) -> TraceSource | None:
    if data is None:
        return None
    timestamp, event_id, *carried = data
    return TraceSource(False, timestamp, event_id, Carried(*carried))


def _source_json(source: TraceSource) -> list[Any]:
    return [source.timestamp, source.event_id, *source.carried]


def _step_source(data: list[Any] | None) -> TraceSource | None:
    if data is None:
        return None
    without_parent, timestamp, event_id, trace_id, parent_id, flags, tracestate = data
    return TraceSource(without_parent, timestamp, event_id, Carried(trace_id, "", flags, parent_id, tracestate))


def _step_source_json(source: TraceSource) -> list[Any]:
    carried = source.carried
    ids = [carried.trace_id, carried.parent_id, carried.flags, carried.tracestate]
    return [source.without_parent, source.timestamp, source.event_id, *ids]


def _pending_key(name: str) -> AttemptKey | None:
    number, _, step_id = name.partition(":")
    return AttemptKey(step_id, int(number)) if number else None


def _pending_name(key: AttemptKey | None) -> str:
    return "" if key is None else f"{key.number}:{key.step_id}"
