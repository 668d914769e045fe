"""Questions about a group's states over HTTP; any worker answers, whoever holds the states.

An application hands `run_worker` its questions. A question about a key goes to the worker that holds the key's
partition; a question about everything goes to all workers, and their parts are combined. The engine knows no event: a
question has its own meaning, parameters and form of answer.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tasker_consumers.engine.processor import Read
from tasker_schemas.errors import UsageError

Arguments = Mapping[str, Any]
"""The parameters of a question by name, read and complete: a missing parameter has its default."""

JsonSchema = Mapping[str, Any]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a question; `read` raises ValueError for a text that does not fit `expected`."""

    name: str
    meaning: str
    expected: str
    schema: JsonSchema
    read: Callable[[str], Any] = str
    default: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a question is asked, and everything that its documentation says.

    `key` is the parameter in the path, `example` an answer.
    """

    path: str
    title: str
    text: str
    answer: JsonSchema
    key: Parameter | None = None
    parameters: tuple[Parameter, ...] = ()
    example: Any


class LocalStates(Protocol):
    """The states that a worker holds while it answers."""

    @property
    def partitions(self) -> Collection[int]:
        """The partitions held, their states restored."""

    def states(self) -> AsyncGenerator[tuple[bytes, Read], None]:
        """Yield each key with a reader of it and its parts; other tasks of the loop run in between.

        Raises BackendUnavailable when the partitions go to other workers meanwhile.
        """

    def iterate(self, make: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Yield in the same way the items of another iterator over these partitions, made when its turn comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyQuestion:
    """Asks for a single state; `answer` returns None where there is none, and `unknown` says so to people."""

    page: Page
    key: Callable[[Arguments], bytes]
    answer: Callable[[bytes, Read], Any | None]
    unknown: Callable[[Arguments], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupQuestion:
    """Asks for something about all states: `part` makes a worker's rows, `combine` the answer from all rows.

    Raises UsageError in `part` and `combine` for parameters that do not go together.
    """

    page: Page
    part: Callable[[Arguments, LocalStates], Awaitable[Sequence[Any]]]
    combine: Callable[[Arguments, Sequence[Any]], Any]


Question = KeyQuestion | GroupQuestion


def read_parameters(parameters: Sequence[Parameter], query: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the parameters by name; an empty text counts as not given.

    Raises UsageError, which names the parameter and the expected value.
    """
    declared = {parameter.name: parameter for parameter in parameters}
    arguments = {parameter.name: parameter.default for parameter in parameters}
    names = set[str]()
    for name, text in query:
        if name not in declared:
            raise UsageError(f"{name!r} is no parameter here; expected {', '.join(declared) or 'none'}")
        if name in names:
            raise UsageError(f"{name} is given twice; expected one value")
        names.add(name)
        if text:
            arguments[name] = _read(declared[name], text)
    return arguments


def _read(parameter: Parameter, text: str) -> Any:
    try:
        return parameter.read(text)
    except ValueError:
        raise UsageError(f"{parameter.name} is {text!r}; expected {parameter.expected}") from None
