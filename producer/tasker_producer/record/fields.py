"""The fields that a caller gives, checked and masked field by field, each by the type that its schema declares.

A value that does not fit raises UsageError with the field's name; nothing else ever leaves this module.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from functools import partial
from itertools import islice
from typing import Any

from tasker_producer.masking.masker import Masker
from tasker_producer.record.error_chain import message_of
from tasker_producer.record.identifiers import is_boolean, plain_text, whole_number
from tasker_producer.record.misuse import Misuse
from tasker_producer.record.moments import micros
from tasker_producer.record.values import MAX_TEXT, PlainValues
from tasker_schemas.avro.versions import RECORD_OF_FAMILY, latest
from tasker_schemas.errors import UsageError
from tasker_schemas.field_rules import MAX_NAME_BYTES, RANGES, RULES, Rule
from tasker_schemas.names import Family, State

JSON_FIELDS = frozenset({"context", "step_inputs", "step_results"})
#: Fields of every record that the producer fills, and no caller gives.
PRODUCER_FIELDS = frozenset(
    {"event_id", "event_name", "timestamp", "service", "service_version", "producer", "truncated"}
)
MAX_ITEMS = 100_000
#: Values of these types are no lists of items, although some can be iterated.
NO_LIST = (str, bytes, Mapping)

#: The longest duration, in seconds, as readers of events check it: any two times of an event are nearer to each other.
MAX_SECONDS = RANGES[Rule.SECONDS][1]

_IDS = frozenset({"task_id", "step_id", "parent_task_id"})
_ID_LISTS = frozenset({"depends_on", "step_ids", "error_steps"})
_LINK_TEXTS = ("relation", "error_class", "error_message")
_NUMBERS = (int, float, Decimal)
_STATES = frozenset(str(state) for state in State if state is not State.ABANDONED)


class Conversion:
    """The conversion of an event's fields: who decides about mistakes, and the names of fields that were cut."""

    __slots__ = ("cuts", "misuse")

    def __init__(self, misuse: Misuse) -> None:
        self.misuse = misuse
        self.cuts: list[str] = []


_HINTS = {Family.CUSTOM: "give it in the payload, such as publish_event('order.paid', {'amount': 5})"}

Converter = Callable[[Any, Conversion], Any]


class FieldConverters:
    """The converters of every family's fields, made once from the newest schemas."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._values = PlainValues(masker)
        self._of_family = {family: self._compile(family) for family in Family}

    def of_family(self, family: Family) -> Mapping[str, tuple[str, Converter]]:
        """Return the fields that a caller may give: the kind of value of each, and its converter.

        The kind is the Avro type of a field that may be null and whose value needs no change, else a word of ours.
        """
        return self._of_family[family]

    def convert(self, family: Family, fields: Mapping[str, Any], conversion: Conversion) -> dict[str, Any]:
        """Return the fields as the record has them, without those that are None or do not fit.

        Raises UsageError in strict mode, naming the field that is unknown or whose value does not fit.
        """
        converted = {}
        for name, value in fields.items():
            if value is not None and (plain := self.value(family, name, value, conversion)) is not None:
                converted[name] = plain
        if conversion.cuts:
            converted["truncated"] = conversion.cuts
        return converted

    def value(self, family: Family, name: str, value: Any, conversion: Conversion) -> Any:
        """Return a field's value as the record has it; None for a value that does not fit, which is reported.

        Raises UsageError in strict mode, naming the field that is unknown or whose value does not fit.
        """
        try:
            entry = self._of_family[family].get(name)
            if entry is not None:
                return entry[1](value, conversion)
            mistake = UsageError(_unknown_field(name, family, self._of_family[family]))
        except UsageError as error:
            mistake = error
        except Exception as error:  # noqa: BLE001  the value's own code runs here
            mistake = UsageError(f"{name}: {self._masker.scrub(message_of(error))}; got {_type_of(value)}")
            mistake.__cause__ = error
        conversion.misuse.report(mistake)
        return None

    def _compile(self, family: Family) -> dict[str, tuple[str, Converter]]:
        fields = latest(RECORD_OF_FAMILY[family]).declared["fields"]
        return {f["name"]: self._converter(f["name"], f["type"]) for f in fields if f["name"] not in PRODUCER_FIELDS}

    def _converter(self, name: str, declared: Any) -> tuple[str, Converter]:
        if name in JSON_FIELDS:
            return "json", partial(self._json, name)
        if name in _IDS:
            return "id", _id
        branch = next(b for b in declared if b != "null") if isinstance(declared, list) else declared
        kind = branch if isinstance(branch, str) else branch.get("logicalType") or branch["type"]
        by_kind: dict[str, Converter] = {
            "map": partial(self._attributes, name),
            "array": self._array(name),
            "timestamp-micros": _moment,
            "int": partial(_int, 1 if RULES[name] is Rule.ATTEMPT and not isinstance(declared, list) else 0),
            "double": seconds,
            "enum": _state,
            "State": _state,
            "string": partial(self._text, name),
        }
        return kind if isinstance(declared, list) else f"always {kind}", by_kind[kind]

    def _array(self, name: str) -> Converter:
        if name in {"backtrace", "error_chain"}:
            return self._frames if name == "backtrace" else self._links
        return partial(_ids, name) if name in _ID_LISTS else partial(self._texts, name)

    def _json(self, name: str, value: Any, conversion: Conversion) -> str:
        text, cut = self._values.json_text(value)
        if cut:
            conversion.cuts.append(name)
        return text

    def _attributes(self, name: str, value: Any, conversion: Conversion) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise ValueError("a mapping is expected")  # noqa: TRY004  becomes a UsageError with the field's name
        flat, cut = self._values.attributes(value)
        if cut:
            conversion.cuts.append(name)
        return flat

    def _text(self, name: str, value: Any, conversion: Conversion) -> str:
        text = _plain(value)
        is_bounded = RULES.get(name, Rule.NAME) in {Rule.ID, Rule.NAME, Rule.NAMES}
        # A name is cut after it is masked: half a secret is a secret, too.
        text = self._masker.scrub(_cut(text, MAX_TEXT, name, conversion))
        return _cut_bytes(text, name, conversion) if is_bounded else text

    def _texts(self, name: str, value: Any, conversion: Conversion) -> list[str]:
        return [self._text(name, item, conversion) for item in _items(name, value, conversion)]

    def _frames(self, value: Any, conversion: Conversion) -> list[str]:
        lines = plain_text(value).splitlines() if isinstance(value, str) else value
        return self._texts("backtrace", lines, conversion)

    def _links(self, value: Any, conversion: Conversion) -> list[dict[str, Any]]:
        """Return the exceptions that belong to an error, with every text masked."""
        links = []
        for link in _items("error_chain", value, conversion):
            texts = {key: self._text(key, link[key], conversion) for key in _LINK_TEXTS}
            frames = self._frames(link["backtrace"], conversion)
            links.append({**texts, "backtrace": frames, "depth": whole_number(link["depth"])})
        return links


def _cut(text: str, limit: int, name: str, conversion: Conversion) -> str:
    if len(text) > limit:
        conversion.cuts.append(name)
    return text[:limit]


def _cut_bytes(text: str, name: str, conversion: Conversion) -> str:
    if len(text) * 4 <= MAX_NAME_BYTES or len(data := text.encode("utf-8", "backslashreplace")) <= MAX_NAME_BYTES:
        return text
    conversion.cuts.append(name)
    return data[:MAX_NAME_BYTES].decode(errors="ignore")


def _items(name: str, value: Any, conversion: Conversion) -> list[Any]:
    if isinstance(value, NO_LIST) or not isinstance(value, Iterable):
        raise ValueError("a list of texts is expected")  # noqa: TRY004
    items = list(islice(value, MAX_ITEMS))
    if len(items) == MAX_ITEMS:  # there may be no end
        conversion.cuts.append(name)
    return items


def _ids(name: str, value: Any, conversion: Conversion) -> list[str]:
    ids = [conversion.misuse.identifier(name, item) for item in _items(name, value, conversion)]
    return [text for text in ids if text is not None]


def _plain(value: Any) -> str:
    """Return a value's text as a plain `str`; a member of an enumeration is its value."""
    if isinstance(value, Enum):
        value = value.value
    return plain_text(value if isinstance(value, str) else str(value))


def _id(value: Any, conversion: Conversion) -> str | None:
    return conversion.misuse.identifier("id", value)


def _moment(value: Any, _: Conversion) -> int:
    return micros(value)


def _int(lowest: int, value: Any, _: Conversion) -> int:
    number = whole_number(value)
    if not lowest <= number < 1 << 31:
        raise ValueError(f"a whole number from {lowest} to {(1 << 31) - 1} is expected")
    return number


def seconds(value: Any, _: Conversion | None = None) -> float:
    """Return a duration in seconds; raises ValueError for a value that is none."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if is_boolean(value) or not (isinstance(value, _NUMBERS) or hasattr(value, "__float__")):
        raise ValueError("a number of seconds is expected")
    number = float(value)
    if not 0 <= number <= MAX_SECONDS:  # false for a float that is no number, too
        raise ValueError(f"a number of seconds from 0 to {MAX_SECONDS:.0f} is expected")
    return number


def _state(value: Any, _: Conversion) -> str:
    text = _plain(value)
    if text not in _STATES:
        raise ValueError(f"one of {', '.join(sorted(_STATES))} is expected")
    return text


def _type_of(value: Any) -> str:
    """Name a refused value by its type alone: the value itself may be the secret."""
    return f"a value of type {type(value).__name__}"


def _unknown_field(name: Any, family: Family, fields: Mapping[str, Any]) -> str:
    text = name if type(name) is str else f"({type(name).__name__})"
    near = difflib.get_close_matches(text, fields, n=1)
    hint = f"did you mean {near[0]!r}?" if near else _HINTS.get(family, "give business data as additional_context")
    return f"{RECORD_OF_FAMILY[family]} has no field {text!r} for a caller to give; {hint}"
