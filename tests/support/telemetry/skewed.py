"""Histories that could have happened, told by hosts whose clocks disagree: drawn by Hypothesis."""

from typing import Any, NamedTuple

from hypothesis import strategies as st

from tasker_consumers.telemetry.core.facts import AttemptKey
from tasker_schemas.names import ObservabilityEvents, StepEvents, TaskEvents
from tests.support.telemetry.histories import SECOND, T0, Told, told

_SKEWS = [0, 1, 250_000, 90 * SECOND, 3600 * SECOND]  # microseconds between two clocks
_PAUSES = st.integers(0, 5 * SECOND)


class Skewed(NamedTuple):
    """A history, how long each attempt really ran, and the attempts that were delivered more than once."""

    records: list[Told]
    durations: dict[AttemptKey, int]  # microseconds
    delivered_again: set[AttemptKey]


@st.composite
def skewed_histories(draw: st.DrawFn) -> Skewed:
    """Draw a task of one to four steps that run one after another on three hosts, retried and delivered again."""
    skews = {"web": 0, "slow": -draw(st.sampled_from(_SKEWS)), "fast": draw(st.sampled_from(_SKEWS))}
    history, now = Skewed([], {}, set()), T0 + 7200 * SECOND

    def tell(name: str, at: int, host: str, **fields: Any) -> None:
        moved = {key: value + skews[host] for key, value in fields.items() if key in {"started_at", "completed_at"}}
        own = {"timestamp": at + skews[host], "producer": f"{host}:1", "event_id": f"event-{len(history.records)}"}
        history.records.append(told(name, 0, **{**fields, **moved, **own}))

    began = now
    tell(TaskEvents.START_REQUESTED, now, "web", started_at=now)
    for step_id in "abcd"[: draw(st.integers(1, 4))]:
        tries = draw(st.integers(1, 2))
        for number in range(1, tries + 1):
            key, again = AttemptKey(step_id, number), draw(st.booleans())
            own = {"step_id": step_id, "attempt_number": number}
            for delivery in range(1 + again):
                now += draw(_PAUSES)
                host, start = draw(st.sampled_from(["web", "slow", "fast"])), now
                now += draw(_PAUSES)
                tell(StepEvents.HANDLE, start, host, started_at=start, **own)
                if delivery == again:
                    tell(ObservabilityEvents.Step.HEARTBEAT, draw(st.integers(start, now)), host, **own)
            end = StepEvents.COMPLETED if number == tries else StepEvents.FAILED
            duration = (now - start) / SECOND
            tell(end, now, host, started_at=start, completed_at=now, execution_duration=duration, **own)
            history.durations[key] = now - start
            history.delivered_again.update({key} if again else ())
    now += draw(_PAUSES)
    tell(TaskEvents.COMPLETED, now, "web", started_at=began, completed_at=now)
    return history
