"""Schemas by a registry's id, for readers: each id is asked for once, a registry that is away is not asked often."""

import time
from collections.abc import Callable
from typing import Any

from tasker_schemas.errors import BackendUnavailable
from tasker_schemas.registry import SchemaRegistry
from tasker_schemas.registry_settings import RegistrySettings

FORGET_MISSING_S = 60.0
REST_S = 1.0
_MOST = 10_000  # ids made up by somebody would fill the memory


class CachedLookup:
    """A `SchemaLookup` for a Decoder; an unknown id is asked for again in a minute, a silent registry in a second.

    While the registry rests, what must be asked raises BackendUnavailable at once: a reader's thread, which may be an
    event loop, waits for one question a second at most.
    """

    def __init__(self, registry: SchemaRegistry, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._clock = clock
        self._found: dict[int, dict[str, Any]] = {}
        self._missing: dict[int, tuple[float, str]] = {}
        self._resting: tuple[float, str] = (float("-inf"), "")

    def __call__(self, schema_id: int) -> dict[str, Any]:
        """Return the schema behind an id; raises LookupError for an unknown one, and BackendUnavailable."""
        found = self._found.get(schema_id)
        return self._ask(schema_id) if found is None else found

    def _ask(self, schema_id: int) -> dict[str, Any]:
        now = self._clock()
        until, why = self._missing.get(schema_id, (now, ""))
        if now < until:
            raise LookupError(why)
        until, why = self._resting
        if now < until:
            raise BackendUnavailable(why)
        try:
            found = self._registry.schema(schema_id)
        except LookupError as error:
            _room(self._missing)[schema_id] = (now + FORGET_MISSING_S, str(error))
            raise
        except BackendUnavailable as error:
            self._resting = (self._clock() + REST_S, str(error))
            raise
        _room(self._found)[schema_id] = found
        return found


def open_lookup(settings: RegistrySettings | None) -> CachedLookup | None:
    """Return a lookup in the registry of these settings; None where there is none.

    Raises ConfigurationError for certificates that cannot be read.
    """
    return None if settings is None else CachedLookup(SchemaRegistry(settings))


def _room(memory: dict[int, Any]) -> dict[int, Any]:
    if len(memory) >= _MOST:
        memory.clear()
    return memory
