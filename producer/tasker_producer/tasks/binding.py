"""Code that runs inside a block elsewhere: in coroutines, pools and threads. Coroutines are not compiled."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec, Protocol, Self, TypeVar, cast

from tasker_producer.record.misuse import Misuse
from tasker_producer.trace.current import Activation
from tasker_schemas.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")


class HasMisuse(Protocol):
    """A publisher, as far as its answer to mistakes goes."""

    misuse: Misuse


class BoundCode(ABC):
    """The `async with` form of a block, and functions that are bound to the block."""

    publisher: HasMisuse

    async def __aenter__(self) -> Self:
        self.__enter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def bind(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return the function or coroutine function, each call of which runs inside this block: for pools and threads.

        Raises UsageError in strict mode for an object that cannot be called.
        """
        target: Any = function
        if not callable(target):
            self.publisher.misuse.report(UsageError(f"a function is bound, not {type(function).__name__}"))
            return function
        if inspect.iscoroutinefunction(function):

            async def bound(*args: P.args, **kwargs: P.kwargs) -> Any:
                stay = self._activate()
                try:
                    return await function(*args, **kwargs)
                finally:
                    stay.leave()

            return cast("Callable[P, R]", wraps(function)(bound))

        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            stay = self._activate()
            try:
                return function(*args, **kwargs)
            finally:
                stay.leave()

        return wraps(function)(called)

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @abstractmethod
    def _activate(self) -> Activation:
        """Make the block current here."""
