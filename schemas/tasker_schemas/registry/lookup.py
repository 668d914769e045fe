"""Schemas by a registry's id, for readers: each id is asked for once, a registry that is away is not asked often."""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from tasker_schemas.errors import BackendUnavailable
from tasker_schemas.registry.client import TIMEOUT_S, SchemaRegistry
from tasker_schemas.registry.settings import RegistrySettings

FORGET_MISSING_S = 60.0
REST_S = 1.0
_MOST = 10_000  # ids made up by somebody would fill the memory

_Answer = dict[str, Any] | Exception


class CachedLookup:
    """A `SchemaLookup` for a Decoder; an unknown id is asked for again in a minute, a silent registry in a second.

    The caller's thread, which may be an event loop, waits for a question a second at most, and no longer than
    `timeout_s`, whatever names and sockets do meanwhile; else BackendUnavailable is raised at once.
    """

    def __init__(
        self,
        registry: SchemaRegistry,
        *,
        timeout_s: float = TIMEOUT_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._timeout_s = timeout_s
        self._clock = clock
        self._schemas: dict[int, dict[str, Any]] = {}
        self._missing: dict[int, tuple[float, str]] = {}
        self._resting: tuple[float, str] = (float("-inf"), "")
        self._asking: threading.Thread | None = None

    def __call__(self, schema_id: int) -> dict[str, Any]:
        """Return the schema behind an id; raises LookupError for an unknown id, and BackendUnavailable."""
        schema = self._schemas.get(schema_id)
        return self._learn(schema_id) if schema is None else schema

    def _learn(self, schema_id: int) -> dict[str, Any]:
        time_s = self._clock()
        until, why = self._missing.get(schema_id, (time_s, ""))
        if time_s < until:
            raise LookupError(why)
        until, why = self._resting
        if time_s < until:
            raise BackendUnavailable(why)
        try:
            schema = self._ask(schema_id)
        except LookupError as error:
            _room(self._missing)[schema_id] = (time_s + FORGET_MISSING_S, str(error))
            raise
        except BackendUnavailable as error:
            self._resting = (self._clock() + REST_S, str(error))
            raise
        _room(self._schemas)[schema_id] = schema
        return schema

    def _ask(self, schema_id: int) -> dict[str, Any]:
        """Ask in a thread of its own: the search for a host's name knows no timeout."""
        if self._asking is not None and self._asking.is_alive():
            raise BackendUnavailable("The registry still owes the answer to an earlier question.")
        answers: SimpleQueue[_Answer] = SimpleQueue()
        self._asking = threading.Thread(target=self._put_answer, args=(schema_id, answers), daemon=True)
        self._asking.start()
        try:
            answer = answers.get(timeout=self._timeout_s)
        except Empty:
            raise BackendUnavailable(f"The registry did not answer within {self._timeout_s:g} s.") from None
        self._asking.join()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _put_answer(self, schema_id: int, answers: "SimpleQueue[_Answer]") -> None:
        try:
            answers.put(self._registry.schema(schema_id))
        except Exception as error:  # noqa: BLE001  it is raised where the answer is waited for
            answers.put(error)


def open_lookup(settings: RegistrySettings | None) -> CachedLookup | None:
    """Return a lookup in the registry of these settings; None where there is none.

    Raises ConfigurationError for certificates that cannot be read.
    """
    return None if settings is None else CachedLookup(SchemaRegistry(settings))


def _room(memory: dict[int, Any]) -> dict[int, Any]:
    if len(memory) >= _MOST:
        memory.clear()
    return memory
