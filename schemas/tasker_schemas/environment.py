"""Reads environment variables: the only reader, so that every variable follows the same rules.

- `NAME_FILE` names a file that holds the value of `NAME`; both at once are refused.
- A blank value, in a variable or in such a file, counts as not set.
- A value that does not fit raises ConfigurationError: the variable's name, its value, and the value that was expected.
  The value of a secret is never shown, nor is a login inside an address.

All functions are pure but for the files they read. They take the environment as a mapping.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import TypeVar

from tasker_schemas.errors import ConfigurationError

FILE_SUFFIX = "_FILE"
PREFIX = "TASKER_"

Option = TypeVar("Option", bound=str)

_FLAGS = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}
_SECRET = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|CREDENTIAL|USER_INFO|AUTHORIZATION|HEADERS|JAAS|_(KEY|PEM)$")
_LOGIN = re.compile(r".*@", re.DOTALL)
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?")
_DURATION = re.compile(r"([0-9]{1,30}(?:\.[0-9]{1,30})?)\s*(ms|s|m|h|d)?")
_SECONDS_PER_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_MAX_FILE_BYTES = 1 << 20
_MAX_SHOWN = 100


def text(environ: Mapping[str, str], name: str) -> str | None:
    """Return the value of a variable, or of the file that `NAME_FILE` names; None when it is not set or blank.

    >>> text({"TASKER_SERVICE_NAME": " shop "}, "TASKER_SERVICE_NAME")
    'shop'

    Raises ConfigurationError for a file that cannot be read, and when variable and file are both given.
    """
    value, path = environ.get(name, "").strip(), environ.get(name + FILE_SUFFIX, "").strip()
    if not path:
        return value or None
    if value:
        raise ConfigurationError(f"{name} and {name}{FILE_SUFFIX} are both set; expected one of them.")
    return _file_text(name, path) or None


def flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    """Return a variable that switches something on or off, in any case of its letters.

    >>> flag({"TASKER_ENABLED": "Off"}, "TASKER_ENABLED", default=True)
    False

    Raises ConfigurationError for any other text.
    """
    value = text(environ, name)
    if value is None:
        return default
    switched = _FLAGS.get(value.lower())
    if switched is None:
        raise refusal(name, value, "true or false, on or off, yes or no, 1 or 0")
    return switched


def whole_number(
    environ: Mapping[str, str], name: str, default: int, *, minimum: int, maximum: int, unit: str = ""
) -> int:
    """Return a variable that holds a whole number from `minimum` to `maximum`; `unit` is its plural, for messages.

    >>> whole_number({"TASKER_PARTITIONS": "12"}, "TASKER_PARTITIONS", 6, minimum=1, maximum=10_000)
    12

    Raises ConfigurationError for any other text.
    """
    value = text(environ, name)
    if value is None:
        return default
    if not _WHOLE.fullmatch(value) or not minimum <= int(value) <= maximum:
        kind = f"a whole number of {unit}" if unit else "a whole number"
        raise refusal(name, value, f"{kind} {_between(minimum, maximum)}")
    return int(value)


def number(
    environ: Mapping[str, str], name: str, default: float, *, minimum: float, maximum: float = inf, unit: str = ""
) -> float:
    """Return a variable that holds a finite number from `minimum` to `maximum`; `unit` is its plural, for messages.

    Raises ConfigurationError for any other text.
    """
    value = text(environ, name)
    if value is None:
        return default
    if not _NUMBER.fullmatch(value) or not _is_within(float(value), minimum, maximum):
        kind = f"a number of {unit}" if unit else "a number"
        raise refusal(name, value, f"{kind} {_between(minimum, maximum)}")
    return float(value)


def duration(
    environ: Mapping[str, str], name: str, default: float, *, minimum: float = 0.0, maximum: float = inf
) -> float:
    """Return a variable that holds a time span, in seconds; without a unit the text holds seconds.

    >>> duration({"TASKER_STATS_GRACE_S": "15m"}, "TASKER_STATS_GRACE_S", 60.0)
    900.0

    Raises ConfigurationError for any other text, and for a span outside of the bounds (in seconds).
    """
    value = text(environ, name)
    if value is None:
        return default
    parts = _DURATION.fullmatch(value)
    seconds = float(parts[1]) * _SECONDS_PER_UNIT[parts[2] or "s"] if parts else inf
    if not _is_within(seconds, minimum, maximum):
        bounds = _between(minimum, maximum)
        raise refusal(name, value, f"a number of seconds {bounds}, or a time span such as 500ms, 90s, 15m, 2h or 7d")
    return seconds


def choice(environ: Mapping[str, str], name: str, options: Collection[Option], default: Option) -> Option:
    """Return a variable that holds one of `options`, compared without regard to case.

    Raises ConfigurationError for any other text, with the option that was likely meant.
    """
    value = text(environ, name)
    if value is None:
        return default
    by_text = {str(option).lower(): option for option in options}
    chosen = by_text.get(value.lower())
    if chosen is None:
        raise refusal(name, value, f"one of {', '.join(map(str, options))}", hint=_hint(value.lower(), by_text))
    return chosen


def variables_with_prefix(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return every variable that starts with `prefix` and is set, by its name without `_FILE`.

    >>> variables_with_prefix({"KAFKA_CLIENT_ID": "shop", "KAFKA_ACKS": ""}, "KAFKA_")
    {'KAFKA_CLIENT_ID': 'shop'}

    Raises ConfigurationError for a file that cannot be read, and when variable and file are both given.
    """
    names = sorted({name.removesuffix(FILE_SUFFIX) for name in environ if name.startswith(prefix)})
    return {name: value for name in names if (value := text(environ, name)) is not None}


def unknown_variables(environ: Iterable[str], settings: Iterable[str], prefix: str = PREFIX) -> list[str]:
    """Return a sentence for each variable that starts with `prefix` and is none of `settings` nor the file of one.

    >>> unknown_variables({"TASKER_TOPIC_PREFX": "shop"}, ["TASKER_TOPIC_PREFIX"])
    ['TASKER_TOPIC_PREFX is not a setting; did you mean TASKER_TOPIC_PREFIX?']
    """
    names = set(settings)
    names |= {name + FILE_SUFFIX for name in names}
    unknown = sorted(name for name in environ if name.startswith(prefix) and name not in names)
    return [f"{name} is not a setting{_hint(name, names) or '.'}" for name in unknown]


def refusal(name: str, value: str, expected: str, *, hint: str = "") -> ConfigurationError:
    """Return the error for a variable whose value cannot work; `expected` describes the values that can.

    >>> str(refusal("TASKER_PARTITIONS", "six", "a whole number from 1 to 10000"))
    "TASKER_PARTITIONS is 'six'; expected a whole number from 1 to 10000."
    """
    return ConfigurationError(f"{name} is {_shown(name, value)}; expected {expected}{hint or '.'}")


def _shown(name: str, value: str) -> str:
    """Return a value for a message: hidden if it is a secret, without a login, and not too long."""
    if _SECRET.search(name.upper()):
        return "not usable (its value is not shown)"
    shown = _LOGIN.sub("***@", value)
    return repr(shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}…")


def _file_text(name: str, path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
        if len(content) <= _MAX_FILE_BYTES:
            return content.decode().strip()
        reason = f"more than {_MAX_FILE_BYTES} bytes"
    except OSError as error:
        reason = error.strerror or type(error).__name__
    except ValueError:  # of the content that is no text, and of a path with a NUL character
        reason = "not UTF-8 text"
    raise refusal(name + FILE_SUFFIX, path, f"a readable file ({reason})")


def _is_within(value: float, minimum: float, maximum: float) -> bool:
    return minimum <= value <= maximum and value != inf


def _between(minimum: float, maximum: float) -> str:
    return f"of at least {_plain(minimum)}" if maximum == inf else f"from {_plain(minimum)} to {_plain(maximum)}"


def _plain(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.15g}"


def _hint(value: str, names: Iterable[str]) -> str:
    near = get_close_matches(value, list(names), n=1)
    return f"; did you mean {near[0]}?" if near else ""
