"""Keeps our own clients out of the traces that they deliver."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, detach, set_value

# Each instrumentation reads either of these keys.
_KEYS = (_SUPPRESS_INSTRUMENTATION_KEY, "suppress_instrumentation")


@contextmanager
def untraced() -> Iterator[None]:
    """Make OpenTelemetry's instrumentations, should the process have any, look away while the block lasts."""
    context = None
    for key in _KEYS:
        context = set_value(key, True, context)
    assert context is not None
    token = attach(context)
    try:
        yield
    finally:
        detach(token)
