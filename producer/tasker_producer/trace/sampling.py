"""The trace flags that the service's own spans inherit inside a block: its sampler decides, as without us.

A task that was created outside of any trace is the root of a trace of its own. For the service's SDK our span is a
remote parent, and a sampler that follows its parent would record everything below a sampled one. So the service's
sampler is asked as for a root span. Our own events always carry the sampled flag: the spans that are rebuilt from them
are complete.
"""

from opentelemetry import trace
from opentelemetry.context import Context

from tasker_schemas.headers import SAMPLED, TraceHeaders
from tasker_schemas.identity import trace_id_of


def inherited_flags(task_id: str, name: str, task_trace: TraceHeaders, forced: int | None) -> int | None:
    """Return the flags for the service's spans inside a task; None for those of the task's own place.

    `forced` are the flags that a setting prescribes for tasks outside of any trace.
    """
    span = task_trace.span
    if span is None or task_trace.parent is not None or span.trace_id != trace_id_of(task_id):
        return None
    if forced is not None:
        return forced
    try:
        sampler = getattr(trace.get_tracer_provider(), "sampler", None)
        if sampler is None:
            return None
        decision = sampler.should_sample(Context(), int(span.trace_id, 16), name).decision
        return span.flags | SAMPLED if decision.is_sampled() else span.flags & ~SAMPLED
    except Exception:  # noqa: BLE001  a sampler of the service, which may do anything
        return None
