"""The `with` block around the present code: every publish call inside it knows its task and step.

A block may be left in another order, thread, asyncio task or generator than it was entered in. So nothing here uses the
tokens of context variables, which raise then. A block that has been left is passed over wherever it is still current,
and taken out of the context as soon as anybody looks.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol
from weakref import ref

from opentelemetry import context
from opentelemetry.context import Context

from tasker_producer.trace.block_span import context_inside
from tasker_schemas.headers import NO_TRACE, TraceHeaders


@dataclass
class CurrentBlock:
    """The fields that an event inherits from the block around it."""

    task_id: str
    task_name: str | None
    correlation_id: str | None
    task_trace: TraceHeaders
    step_id: str | None = None
    step_name: str | None = None
    attempt_number: int | None = None
    #: The place of the block itself; none before it is entered.
    trace: TraceHeaders = NO_TRACE


class Scope(Protocol):
    """A task or step whose block is current."""

    @property
    def task_id(self) -> str:
        """The id of the task that the block belongs to."""
        ...


def _no_context() -> Context | None:
    return None


class Activation:
    """A stay of a block in a context: from `activate` to `leave`."""

    __slots__ = ("block", "is_open", "outer", "outer_context", "own_context", "scope")

    def __init__(self, block: CurrentBlock, scope: Scope, outer: "Activation | None") -> None:
        self.block = block
        self.scope = scope
        self.is_open = True
        self.outer = outer
        self.outer_context: Context | None = None
        #: Weak: the context holds the block's span, which holds this stay. A cycle would wait for the collector.
        self.own_context: Callable[[], Context | None] = _no_context

    def leave(self) -> None:
        """End the stay, in whatever context this runs; the block is nowhere current afterwards."""
        self.is_open = False
        current_activation()


_current: ContextVar[Activation | None] = ContextVar("tasker_current_block", default=None)


def activate(block: CurrentBlock, scope: Scope, *, flags: int | None = None, replace_span: bool = True) -> Activation:
    """Make a block current, and its span OpenTelemetry's current span unless `replace_span` is false.

    `flags` are the trace flags that the service's own spans inherit, where they differ from those of the block's trace.
    """
    activation = Activation(block, scope, current_activation())
    if replace_span and block.trace.span is not None:
        activation.outer_context = context.get_current()
        inside = context_inside(block.trace, activation, flags)
        activation.own_context = ref(inside)
        context.attach(inside)
    _current.set(activation)
    return activation


def current_activation() -> Activation | None:
    """Return the innermost open block of the present context, after clearing the context of closed ones."""
    activation = _current.get()
    if activation is None or activation.is_open:
        return activation
    present = context.get_current()
    closed = activation
    is_ours = present is closed.own_context()
    while closed.outer is not None and not closed.outer.is_open:
        closed = closed.outer
        is_ours = is_ours or present is closed.own_context()
    if is_ours and closed.outer_context is not None:
        context.attach(closed.outer_context)
    _current.set(closed.outer)
    return closed.outer


def current_block() -> CurrentBlock | None:
    """Return the fields that an event of the present code inherits; None outside of all blocks."""
    activation = current_activation()
    return None if activation is None else activation.block
