"""Which names are secret, and how their values disappear from text.

There are four kinds of patterns, as in Tasker: a *name* (`api_key`, matching whole segments of a key: `apiKey` and
`stripe_api_key`, while `classname` is not `ssn`), a *dotted path* (`credit_card.number`), a *regular expression*, and a
*function* of key and value. Decisions are kept by key: a service uses few keys, many times.
"""

import re
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from tasker_producer.masking.detectors import mask_arguments, mask_neighbours, mask_unnamed
from tasker_producer.masking.text import NamesInText, keys, line_end, pairs, readings, segments, value_at, whole_end
from tasker_schemas.errors import ConfigurationError

Pattern = str | re.Pattern[str] | Callable[[str, Any], bool]
"""What is secret: a name, a dotted path, a regular expression, or a function that is true for a secret."""

DEFAULT_MASK = "[FILTERED]"
DEFAULT_PATTERNS: tuple[Pattern, ...] = (
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "jwt",
    "api_key",
    "access_key",
    "private_key",
    "encryption_key",
    "authorization",
    "cookie",
    "csrf",
    "signature",
    "email",
    "input_value",  # with this name pydantic shows the value of a field
    "session_id",
    "credential",
    "certificate",
    "salt",
    "otp",
    "pin",
    "ssn",
    "cvv",
    "cvc",
    "iban",
    "card_number",
    "credit_card",
    "credit_card.number",
    "credit_card_number",
    re.compile(r"[_\-](?:key|pass)$", re.IGNORECASE),  # every `stripe_key` and `DB_PASS`
    re.compile(r"[a-z](?:Key|Pass)$"),
    re.compile(r"^(?:auth|bearer|sig)$", re.IGNORECASE),
)

#: Long words that end a name also where nothing divides it from the rest: `dbpassword`, `accesstoken`.
_UNDIVIDED = ("password", "passwd", "passphrase", "secret", "token", "credential", "apikey")

#: Headers whose whole line is secret, whatever scheme or pairs are in it.
_WHOLE_LINE = frozenset({"authorization", "cookie"})

_MAX_REMEMBERED = 10_000
_MAX_KEY = 500
_MAX_JUDGED = 500  # characters of a value in text that functions see


class Decision(IntEnum):
    """The verdict on a key alone."""

    SHOW = 0
    HIDE = 1
    DEPENDS = 2  # on the keys above it, or on the value


def parse_patterns(text: str) -> tuple[Pattern, ...]:
    """Read patterns as a setting holds them: separated by commas, `/…/` or `/…/i` for a regular expression.

    >>> parse_patterns("password, credit_card.number, /token/i")
    ('password', 'credit_card.number', re.compile('token', re.IGNORECASE))

    Raises ConfigurationError for a regular expression that does not compile.
    """
    patterns: list[Pattern] = []
    for item in (part.strip() for part in text.split(",")):
        slashes = re.fullmatch(r"/(.*)/(i?)", item)
        if slashes is None:
            patterns += [item] if item else []
            continue
        try:
            patterns.append(re.compile(slashes[1], re.IGNORECASE if slashes[2] else 0))
        except re.error as error:
            raise ConfigurationError(
                f"TASKER_FILTER_PARAMETERS: {item} is not a regular expression: {error}"
            ) from error
    return tuple(patterns)


class Masker:
    """Decides which values are secret, and takes them out of text."""

    def __init__(self, patterns: tuple[Pattern, ...] = DEFAULT_PATTERNS, mask: str = DEFAULT_MASK) -> None:
        self.mask = mask
        self._names = {_joined(p) for p in patterns if isinstance(p, str) and "." not in p} - {""}
        self._undivided = tuple(word for word in _UNDIVIDED if word in self._names)
        self._paths = [tuple(map(_joined, p.split("."))) for p in patterns if isinstance(p, str) and "." in p]
        expressions = [p for p in patterns if isinstance(p, re.Pattern)]
        self._key_expressions = [p for p in expressions if r"\." not in p.pattern]
        self._path_expressions = [p for p in expressions if r"\." in p.pattern]
        self._functions = [p for p in patterns if callable(p)]
        #: Without a pattern everything is shown.
        self.is_on = bool(patterns)
        self.decisions: dict[str, Decision] = {}

    def decide(self, key: str) -> Decision:
        """Return the verdict on a key alone.

        >>> Masker().decide("stripeApiKey"), Masker().decide("classname"), Masker().decide("number")
        (<Decision.HIDE: 1>, <Decision.SHOW: 0>, <Decision.DEPENDS: 2>)
        """
        decision = self.decisions.get(key)
        if decision is None:
            if len(self.decisions) >= _MAX_REMEMBERED:  # keys made of data would fill the memory
                self.decisions.clear()
            decision = self.decisions[key] = self._decide(key)
        return decision

    def judge(self, name: Any) -> tuple[str, Decision]:
        """Return any object as a key that can be shown, and the key's verdict on its value.

        >>> Masker().judge("password=hunter2")
        ('password=[FILTERED]', <Decision.HIDE: 1>)
        """
        key = (name if type(name) is str else str(name))[:_MAX_KEY]
        if "=" in key or ":" in key:
            key = self.scrub(key)
        return key, self.decide(key)

    def _decide(self, key: str) -> Decision:
        if key.startswith("\\"):
            verdicts = {self.decide(name) for name in readings(key)}
            return next((worst for worst in (Decision.HIDE, Decision.DEPENDS) if worst in verdicts), Decision.SHOW)
        parts = key.split(".")
        if any(self._has_secret_segment(part) for part in parts) or any(p.search(key) for p in self._key_expressions):
            return Decision.HIDE
        last = _joined(parts[-1])
        if self._functions or self._path_expressions or any(path[-1] == last for path in self._paths):
            return Decision.DEPENDS
        return Decision.SHOW

    def _has_secret_segment(self, key: str) -> bool:
        parts = segments(key)
        count = len(parts)
        runs = ("".join(parts[i:j]) for i in range(count) for j in range(i + 1, min(i + 5, count + 1)))
        if any(run in self._names or run.removesuffix("s") in self._names for run in runs):
            return True
        return any(segment.removesuffix("s").endswith(self._undivided) for segment in parts)

    def names_secret(self, name: str, value: Any) -> bool:
        """Return whether a name that stands beside a value, and is no key of its own, makes the value secret."""
        decision = self.decide(name)
        return decision is Decision.HIDE or (decision is Decision.DEPENDS and self.hides((name,), value))

    def hides(self, path: tuple[str, ...], value: Any) -> bool:
        """Return whether the value at the end of a path of keys is secret.

        >>> Masker().hides(("order", "credit_card", "number"), 4111), Masker().hides(("order", "number"), 7)
        (True, False)
        """
        decision = self.decide(path[-1])
        if decision is not Decision.DEPENDS:
            return decision is Decision.HIDE
        dotted = ".".join(path)
        parts = tuple(map(_joined, dotted.split(".")))
        if any(parts[-len(secret_path) :] == secret_path for secret_path in self._paths):
            return True
        return any(p.search(dotted) for p in self._path_expressions) or self._is_secret_by_function(path[-1], value)

    def _is_secret_by_function(self, key: str, value: Any) -> bool:
        try:
            return any(function(key, value) for function in self._functions)
        except Exception:  # noqa: BLE001  the service's function; a value that it cannot judge is not shown
            return True

    def scrub(self, text: str) -> str:
        """Return the text with the values of secret keys masked, and passwords taken out of URLs.

        >>> Masker().scrub('login failed: user=ada password=hunter2 {"apiKey": "k-1"} via amqp://bob:pw@mq')
        'login failed: user=ada password=[FILTERED] {"apiKey": "[FILTERED]"} via amqp://bob:[FILTERED]@mq'
        """
        if self.is_on:
            text = mask_arguments(mask_unnamed(text, self.mask), self.mask, self._is_secret_name)
            text = mask_neighbours(text, self.mask, self._is_secret_name)
        if "=" not in text and ":" not in text:
            return text
        decisions = self.decisions
        # Most texts hold pairs, few of them secret ones; to look for keys alone costs a tenth.
        if all(decisions.get(key) is Decision.SHOW or self.decide(key) is Decision.SHOW for key in keys(text)):
            return text
        return self._without_secrets(text)

    def _is_secret_name(self, name: str) -> bool:
        return self.decide(name) is Decision.HIDE

    def _without_secrets(self, text: str) -> str:
        parts: list[str] = []
        names = NamesInText(text)
        done = 0
        for key, start in pairs(text):
            # Judged before the value is looked for: a value may be long, and each key could have the same value.
            if start < done or not self._hides_in_text(key, text, start, names):
                continue
            value = value_at(text, start)
            if value is None:
                continue
            parts += text[done:start], value.quote, self.mask, value.quote
            is_line = not value.quote and not _WHOLE_LINE.isdisjoint(segments(key))
            done = line_end(text, value.end) if is_line else whole_end(text, start, value)
        return "".join([*parts, text[done:]])

    def _hides_in_text(self, key: str, text: str, start: int, names: NamesInText) -> bool:
        decision = self.decide(key)
        if decision is not Decision.DEPENDS:
            return decision is Decision.HIDE
        value = ""
        if self._functions:
            bounds = value_at(text[start : start + _MAX_JUDGED], 0)
            value = text[start : start + bounds.end] if bounds is not None else ""
        return any(
            (value and self._is_secret_by_function(name, value)) or self._path_is_in_text(name, start, names)
            for name in readings(key)
        )

    def _path_is_in_text(self, key: str, start: int, names: NamesInText) -> bool:
        """In text the keys above are not known, so it is enough that their names stand somewhere before."""
        last = _joined(key.rpartition(".")[2])
        for path in self._paths:
            ends = [names.first(part) for part in path[:-1]] if path[-1] == last else [None]
            if all(end is not None and end <= start for end in ends):
                return True
        return any(p.search(key) for p in self._path_expressions)


def _joined(name: str) -> str:
    """Return a name without its spelling: `creditCard`, `credit_card` and `credit-card` are the same."""
    return "".join(segments(name))
