"""XES (IEEE 1849) as a stream of cases: memory holds a single case at a time.

The parser is expat, which tells the line and column of damage. A document type is refused: XES needs none, and entities
are the way to make a small file large.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from tasker_consumers.importers.errors import BrokenFile
from tasker_consumers.importers.sources import Content

_BLOCK = 2**16  # bytes
_VALUES = frozenset({"string", "date", "int", "float", "boolean", "id"})
_ELEMENTS = _VALUES | {
    "log", "trace", "event", "list", "container", "values", "extension", "global", "classifier",
}  # fmt: skip
_DEEPEST = 100


@dataclass(slots=True)
class Element:
    """A log, a case or an event: its attributes by key, each with its kind and its value; `place` is in the file."""

    place: str
    attributes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def text(self, key: str) -> str | None:
        """Return an attribute's value, None where it is missing or empty."""
        return self.attributes.get(key, ("", ""))[1] or None


@dataclass(slots=True)
class Case:
    """A case of a log (in XES a trace) with its events in the order of the file; `number` counts cases from 1."""

    number: int
    element: Element
    log: Element
    events: list[Element] = field(default_factory=list)


class LogParser:
    """Takes the elements of a log as expat finds them, and gathers cases."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self._log: Element | None = None
        self._case: Case | None = None
        self._event: Element | None = None
        self._globals: dict[str, dict[str, tuple[str, str]]] = {"trace": {}, "event": {}}
        self._path: list[str] = []
        self._scope = ""  # of the `global` that is open
        self._count = 0
        self._expat = expat.ParserCreate(namespace_separator=" ")
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.StartDoctypeDeclHandler = self._refuse_doctype

    def parse(self, content: Content) -> Iterator[Case]:
        """Yield the cases of a file as they end; raise BrokenFile."""
        is_final = False
        while not is_final:
            block = content.stream.read(_BLOCK)
            is_final = not block
            try:
                self._expat.Parse(block, is_final)
            except expat.ExpatError as error:
                problem = expat.errors.messages.get(error.code, str(error))
                raise BrokenFile(f"line {error.lineno}, column {error.offset + 1}", f"not XML: {problem}") from error
            yield from self.cases
            self.cases.clear()

    def _start(self, tag: str, values: Mapping[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if not self._path and name != "log":
            self._refuse(f"expected a log of XES, not <{name[:40]}>")
        if name not in _ELEMENTS:
            self._refuse(f"<{name[:40]}> is no element of XES")
        if len(self._path) >= _DEEPEST:
            self._refuse(f"nested deeper than {_DEEPEST} elements")
        self._path.append(name)
        if name == "log":
            self._log = Element(self._place())
        elif name == "trace":
            self._open_case()
        elif name == "event":
            self._open_event()
        elif name == "global":
            self._scope = values.get("scope", "event")
        elif name in _VALUES:
            self._take(name, values)

    def _open_case(self) -> None:
        if self._path != ["log", "trace"] or self._log is None:
            self._refuse("a trace outside of a log")
        self._count += 1
        self._case = Case(self._count, Element(self._place(), dict(self._globals["trace"])), self._log)

    def _open_event(self) -> None:
        if self._path != ["log", "trace", "event"] or self._case is None:
            self._refuse("an event outside of a trace")
        self._event = Element(self._place(), dict(self._globals["event"]))
        self._case.events.append(self._event)

    def _take(self, kind: str, values: Mapping[str, str]) -> None:
        """Keep an attribute; attributes of attributes only describe them."""
        owner = self._path[-2]
        if owner not in {"log", "trace", "event", "global"}:
            return
        if "key" not in values or "value" not in values:
            self._refuse(f"<{kind}> without key and value")
        entry = (kind, values["value"])
        if owner == "global":
            self._globals.setdefault(self._scope, {})[values["key"]] = entry
        else:
            case_element = self._case.element if self._case else None
            element: Any = {"log": self._log, "trace": case_element, "event": self._event}[owner]
            element.attributes[values["key"]] = entry

    def _end(self, tag: str) -> None:
        name = self._path.pop()
        if tag.endswith("trace") and name == "trace" and self._case is not None:
            self.cases.append(self._case)
            self._case = None

    def _refuse_doctype(self, *_: object) -> None:
        self._refuse("a document type, which no XES needs")

    def _place(self) -> str:
        return f"line {self._expat.CurrentLineNumber}, column {self._expat.CurrentColumnNumber + 1}"

    def _refuse(self, problem: str) -> NoReturn:
        raise BrokenFile(self._place(), problem)
