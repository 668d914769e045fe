"""Secrets that a neighbour names: the second half of a pair, the argument after an option, an entry with a name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

#: Returns whether a name makes the value beside it a secret.
IsSecret = Callable[[str, Any], bool]

_PAIR = 2
_NOTHING: frozenset[str] = frozenset()
_MAX_NAME = 500
_NAME_KEYS = ("name", "key", "Name", "Key", "header", "field")
_VALUE_KEYS = ("value", "Value", "values", "Values")


def secret_positions(items: Sequence[Any], is_secret: IsSecret) -> frozenset[int]:
    """Return the indexes of the items that the item before makes secret.

    >>> is_secret = lambda name, value: name == "password"
    >>> secret_positions(["mysql", "--password", "x", "--host", "db"], is_secret)
    frozenset({2})
    >>> secret_positions((b"password", b"x"), is_secret), secret_positions(["a", "b"], is_secret)
    (frozenset({1}), frozenset())
    """
    if len(items) == _PAIR and (name := _name(items[0])) and is_secret(name.lstrip("-"), items[1]):
        return frozenset({1})
    return frozenset(_arguments(items, is_secret))


def secret_entries(mapping: Mapping[Any, Any], is_secret: IsSecret) -> frozenset[str]:
    """Return the keys whose values another key of the mapping names: `{"name": "DB_PASSWORD", "value": …}`.

    >>> secret_entries({"Key": "password", "Value": "x"}, lambda name, value: name == "password")
    frozenset({'Value'})
    """
    try:
        if mapping.keys().isdisjoint(_VALUE_KEYS):  # as nearly all mappings
            return _NOTHING
        values = [key for key in _VALUE_KEYS if key in mapping]
        names = [name for key in _NAME_KEYS if (name := _name(mapping.get(key)))]
        return frozenset(key for key in values if any(is_secret(name, mapping[key]) for name in names))
    except Exception:  # noqa: BLE001  a key's own code runs here
        return frozenset(_VALUE_KEYS)


def _arguments(items: Sequence[Any], is_secret: IsSecret) -> Iterator[int]:
    for position, item in enumerate(items[:-1], start=1):
        if type(item) is str and item.startswith("-") and (name := _name(item.lstrip("-"))):
            value = items[position]
            if not (type(value) is str and value.startswith("-")) and is_secret(name, value):
                yield position


def _name(value: Any) -> str:
    """Return a value as a name; empty for a value that is none, such as a sentence."""
    if type(value) is bytes and len(value) <= _MAX_NAME:
        value = value.decode("latin-1")
    return value if type(value) is str and len(value) <= _MAX_NAME and " " not in value else ""
