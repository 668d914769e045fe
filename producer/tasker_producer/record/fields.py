"""What a caller gives, as a checked and masked record: one field at a time, each by the type that its schema declares.

A value that does not fit raises UsageError with the field's name; nothing else ever leaves this module.
"""

import difflib
import math
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from tasker_producer.masking.masker import Masker
from tasker_producer.record.error_fields import message_of
from tasker_producer.record.values import MAX_TEXT, PlainValues
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, latest
from tasker_schemas.errors import UsageError
from tasker_schemas.names import Family, State

JSON_FIELDS = frozenset({"context", "step_inputs", "step_results"})
OWN_FIELDS = frozenset({"event_id", "event_name", "timestamp", "service", "producer", "truncated"})
MAX_ID_LENGTH = 1024
MAX_ITEMS = 100_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RANGES = {"int": range(-(1 << 31), 1 << 31), "long": range(-(1 << 63), 1 << 63)}
_IDS = frozenset({"task_id", "step_id", "event_id"})

Cuts = list[str]
Converter = Callable[[Any, Cuts], Any]


def micros(value: datetime | int | str) -> int:
    """Return a moment as microseconds since the epoch, UTC; ISO 8601 text is read as well.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)), micros("1970-01-01T00:00:01Z"), micros(5)
    (1000000, 1000000, 5)

    Raises ValueError for a datetime without a time zone, which would mean another moment on another machine.
    """
    if type(value) is int and value in _RANGES["long"]:
        return value
    moment = _read_moment(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        raise ValueError("a datetime with a time zone, or microseconds since the epoch, is expected")  # noqa: TRY004
    if moment.tzinfo is None:
        raise ValueError("a datetime needs a time zone; use datetime.now(UTC)")
    return (moment - _EPOCH) // _MICROSECOND


def _read_moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("the text is no moment in ISO 8601") from None  # without the text, which may be a secret


def now() -> int:
    """Return the present moment in microseconds since the epoch, UTC."""
    return time.time_ns() // 1000


class FieldConverters:
    """The converters of every family's fields, made once from the newest schemas."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._values = PlainValues(masker)
        self._of_family = {family: self._compile(family) for family in Family}

    def of(self, family: Family) -> Mapping[str, tuple[str, Converter]]:
        """Return the fields that a caller may give: what kind of value each holds, and how one is converted.

        The kind is the Avro type of a field that may be null and that is taken as it is, else what we make of it.
        """
        return self._of_family[family]

    def convert(self, family: Family, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the given fields as the record has them; None means "not given".

        Raises UsageError naming the field that is unknown or whose value does not fit.
        """
        cuts: Cuts = []
        record = {name: self.value(family, name, given[name], cuts) for name in given if given[name] is not None}
        if cuts:
            record["truncated"] = cuts
        return record

    def value(self, family: Family, name: str, value: Any, cuts: Cuts) -> Any:
        """Return one given value as the record has it; what had to be cut is added to `cuts`.

        Raises UsageError naming the field that is unknown or whose value does not fit.
        """
        entry = self._of_family[family].get(name)
        if entry is None:
            raise UsageError(_unknown_field(name, family, self._of_family[family]))
        try:
            return entry[1](value, cuts)
        except Exception as error:
            why = self._masker.scrub(message_of(error))
            raise UsageError(f"{name}: {why}; got {_shown(value)}") from error

    def _compile(self, family: Family) -> dict[str, tuple[str, Converter]]:
        fields = latest(RECORD_OF_FAMILY[family]).declared["fields"]
        return {f["name"]: self._converter(f["name"], f["type"]) for f in fields if f["name"] not in OWN_FIELDS}

    def _converter(self, name: str, declared: Any) -> tuple[str, Converter]:
        if name in JSON_FIELDS:
            return "json", partial(self._json, name)
        if name in _IDS:
            return "id", _id
        branch = next(b for b in declared if b != "null") if isinstance(declared, list) else declared
        kind = branch if isinstance(branch, str) else branch.get("logicalType") or branch["type"]
        by_kind: dict[str, Converter] = {
            "map": partial(self._attributes, name),
            "array": self._frames if name == "backtrace" else partial(_texts, name),
            "timestamp-micros": _moment,
            "int": partial(_whole_number, _RANGES["int"]),
            "double": _seconds,
            "enum": _state,
            "State": _state,
            "string": partial(self._text, name),
        }
        return kind if isinstance(declared, list) else f"always {kind}", by_kind[kind]

    def _json(self, name: str, value: Any, cuts: Cuts) -> str:
        text, cut = self._values.json_text(value)
        if cut:
            cuts.append(name)
        return text

    def _attributes(self, name: str, value: Any, cuts: Cuts) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError("a mapping is expected")  # noqa: TRY004  becomes a UsageError with the field's name
        flat, cut = self._values.attributes(value)
        if cut:
            cuts.append(name)
        return flat

    def _text(self, name: str, value: Any, cuts: Cuts) -> str:
        text = value if isinstance(value, str) else str(value)
        if len(text) > MAX_TEXT:
            cuts.append(name)
            text = text[:MAX_TEXT]
        return self._masker.scrub(text)

    def _frames(self, value: Any, cuts: Cuts) -> list[str]:
        frames = value.splitlines() if isinstance(value, str) else _texts("backtrace", value, cuts)
        return [self._masker.scrub(frame[:MAX_TEXT]) for frame in frames]


_STATES = frozenset(str(state) for state in State if state is not State.ABANDONED)


def identifier(value: Any) -> str:
    """Return an id as text; whole numbers and UUIDs are accepted.

    Raises ValueError for anything else, and for text that is empty, too long or not text at all.
    """
    text = value if isinstance(value, str) else _id_text(value)
    if not 0 < len(text) <= MAX_ID_LENGTH:
        raise ValueError(f"an id has 1 to {MAX_ID_LENGTH} characters")
    text.encode()  # surrogates are no text, and an id cannot be repaired
    return text


def _id(value: Any, _: Cuts) -> str:
    return identifier(value)


def _id_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, UUID)):
        raise ValueError("text, a whole number or a UUID is expected")  # noqa: TRY004
    return str(value)


def _texts(name: str, value: Any, cuts: Cuts) -> list[str]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise ValueError("a list of texts is expected")  # noqa: TRY004
    texts = [item if isinstance(item, str) else str(item) for item in islice(value, MAX_ITEMS)]
    if len(texts) == MAX_ITEMS:  # there may be no end
        cuts.append(name)
    return texts


def _moment(value: Any, _: Cuts) -> int:
    return micros(value)


def _whole_number(valid: range, value: Any, _: Cuts) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in valid:
        raise ValueError(f"a whole number below {valid.stop} is expected")
    return int(value)


def _seconds(value: Any, _: Cuts) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float, Decimal)) or not math.isfinite(seconds):
        raise ValueError("a number of seconds is expected")
    return float(seconds)


def _state(value: Any, _: Cuts) -> str:
    text = str(value)
    if text not in _STATES:
        raise ValueError(f"one of {', '.join(sorted(_STATES))} is expected")
    return text


def _shown(value: Any) -> str:
    """Name a refused value by its type alone: the value itself may be the secret."""
    return f"a value of type {type(value).__name__}"


def _unknown_field(name: str, family: Family, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "give business data as additional_context"
    return f"{RECORD_OF_FAMILY[family]} has no field {name!r} for a caller to give; {hint}"
