"""Names of events as people write them to select: a name of the catalogue, a name of their own, or a glob."""

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase

from tasker_schemas.errors import UsageError
from tasker_schemas.names import RESERVED_NAMES, Family

_WILDCARDS = frozenset("*?[")
_FAMILIES = {str(family): family for family in Family}


def check_pattern(pattern: str) -> None:
    """Raise UsageError for a pattern that no event can have, with the name that was likely meant.

    >>> check_pattern("step.complete")
    Traceback (most recent call last):
    tasker_schemas.errors.UsageError: no event matches 'step.complete'; did you mean 'step.completed'?
    """
    if not pattern.strip():
        raise UsageError("an event's name is empty; write one like step.failed, or a pattern like 'step.*'")
    first = pattern.partition(".")[0]
    if first not in _FAMILIES or first == Family.CUSTOM or any(fnmatchcase(name, pattern) for name in RESERVED_NAMES):
        return
    similar = get_close_matches(pattern, RESERVED_NAMES, n=1)
    names = ", ".join(sorted(name for name in RESERVED_NAMES if name.startswith(f"{first}.")))
    raise UsageError(
        f"no event matches {pattern!r}; " + (f"did you mean {similar[0]!r}?" if similar else f"there are {names}")
    )


def families_of_pattern(pattern: str) -> frozenset[Family]:
    """Return the families whose events a pattern can match.

    >>> sorted(families_of_pattern("step.*")), sorted(families_of_pattern("order.paid"))
    ([<Family.STEP: 'step'>], [<Family.CUSTOM: 'custom'>])
    >>> families_of_pattern("*.failed") == frozenset(Family)
    True
    """
    first, dot, _ = pattern.partition(".")
    if not dot or _WILDCARDS & set(first):
        return frozenset(Family)
    return frozenset({_FAMILIES.get(first, Family.CUSTOM)})


def matches_any(event_name: str, patterns: Iterable[str]) -> bool:
    """Return whether a name matches any of the patterns; upper and lower case differ."""
    return any(fnmatchcase(event_name, pattern) for pattern in patterns)


def is_error(event_name: str) -> bool:
    """Return whether an event reports a failure.

    >>> is_error("step.failed"), is_error("step.max_retries_reached"), is_error("step.completed")
    (True, True, False)
    """
    return event_name.endswith((".failed", "_failed", ".max_retries_reached"))
