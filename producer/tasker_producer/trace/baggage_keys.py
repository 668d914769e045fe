"""The entries of OpenTelemetry's baggage that may be in headers: baggage holds whatever a service put there."""

from collections.abc import Set as AbstractSet
from functools import lru_cache
from urllib.parse import unquote

from tasker_schemas.headers import TraceHeaders


def with_allowed_baggage(trace: TraceHeaders, keys: AbstractSet[str]) -> TraceHeaders:
    """Return a place in a trace with those entries of its baggage whose keys are allowed.

    >>> with_allowed_baggage(TraceHeaders(baggage="tenant=t1,password=x;ttl=5"), frozenset({"tenant"})).baggage
    'tenant=t1'
    """
    return trace._replace(baggage=_allowed(trace.baggage, frozenset(keys))) if trace.baggage else trace


@lru_cache(maxsize=512)
def _allowed(baggage: str, keys: frozenset[str]) -> str:
    entries = (entry.strip() for entry in baggage.split(","))
    return ",".join(entry for entry in entries if unquote(entry.partition("=")[0].strip()) in keys)
