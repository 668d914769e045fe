"""A value of a JSON document that knows its path, so that a fault can be named by its place."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn, Self

from tasker_consumers.importers.errors import BrokenFile

LONGEST_ID = 900  # characters; the producer takes 1024, and the importers add a prefix and a suffix
INSIDE = ": "  # ends the place of a document inside a file, before the paths of its values
_LARGEST = 2**31
_SHOWN = 60  # characters of a wrong value that a message repeats
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document and the path that leads to it.

    A format that spells its members in several ways has a subclass with its own `spellings` and `is_absent`.
    """

    value: Any
    path: str = ""

    def spellings(self, key: str) -> tuple[str, ...]:
        """Return the names under which the member `key` may stand, the usual name first."""
        return (key,)

    def is_absent(self, value: Any) -> bool:
        """Whether a member's value says that there is none."""
        return value is None

    def get(self, key: str) -> Self:
        """Return the member `key`; raise BrokenFile when this is no object or has no such member."""
        member = self.find(key)
        if member is None and self.value.get(key) is None:
            raise BrokenFile(self._path_of(key), "missing")
        return member or type(self)(self.value[key], self._path_of(key))

    def find(self, *keys: str) -> Self | None:
        """Return the first of these members that is there and not null, else None."""
        if not isinstance(self.value, dict):
            self.refuse("an object")
        for key in keys:
            for name in self.spellings(key):
                if not self.is_absent(self.value.get(name)):
                    return type(self)(self.value[name], self._path_of(name))
        return None

    def items(self) -> list[Self]:
        """Return the items of this list; raise BrokenFile when it is none."""
        if not isinstance(self.value, list):
            self.refuse("a list")
        return [type(self)(item, f"{self.path}[{index}]") for index, item in enumerate(self.value)]

    def text(self) -> str:
        """Return this string; raise BrokenFile when it is none or empty."""
        if not isinstance(self.value, str) or not self.value:
            self.refuse("a text")
        return self.value

    def identifier(self) -> str:
        """Return this string, if an id on the wire can be as long; else raise BrokenFile."""
        if len(self.text()) > LONGEST_ID or "\0" in self.text():
            self.refuse(f"a text of at most {LONGEST_ID} characters, without NUL")
        return self.text()

    def number(self) -> Decimal:
        """Return this number, exactly as the document spells it; raise BrokenFile when it is none."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            self.refuse("a number")
        return Decimal(self.value)

    def integer(self) -> int:
        """Return this whole number, also when the document spells it as a text; raise BrokenFile when it is none."""
        is_text = isinstance(self.value, str) and self.value.isascii() and self.value.isdecimal()
        number = int(self.value[:20]) if is_text else self.value
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < _LARGEST:
            self.refuse(f"a whole number below {_LARGEST}")
        return number

    def refuse(self, expected: str) -> NoReturn:
        """Raise BrokenFile for this value, where a value of another kind was expected."""
        shown = json.dumps(self.value, default=str, ensure_ascii=False)
        if len(shown) > _SHOWN:
            shown = f"{shown[:_SHOWN]}…"
        raise BrokenFile(self.path.removesuffix(INSIDE) or "the document", f"expected {expected}, not {shown}")

    def _path_of(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path and not self.path.endswith(INSIDE) else f"{self.path}{key}"


class ProtobufNode(Node):
    """A value of protobuf's JSON; its members are spelled in camelCase or in snake_case."""

    def spellings(self, key: str) -> tuple[str, ...]:
        """Return both spellings.

        >>> ProtobufNode({}).spellings("originalExecutionRunId")
        ('originalExecutionRunId', 'original_execution_run_id')
        """
        return key, _CAPITAL.sub("_", key).lower()

    def is_absent(self, value: Any) -> bool:
        """Whether a member's value is null or an empty text, which protobuf writes for a text that is not set."""
        return value is None or value == ""
