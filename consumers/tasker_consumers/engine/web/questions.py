"""What a group can be asked about its states over HTTP; any worker answers, whoever holds them.

An application hands `run_worker` its questions. One about a key goes to the worker that holds the key's partition; one
about everything goes to all workers, and what they say is put together. The engine knows no event: what a question
means, which parameters it takes and what its answer looks like is all in here.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tasker_consumers.engine.processor import Read
from tasker_schemas.errors import UsageError

Asked = Mapping[str, Any]
"""The parameters of a question by name, read and complete: what was not given has its default."""

JsonSchema = Mapping[str, Any]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a question; `read` raises ValueError for a text that is not what `expected` says."""

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
    """The states that one worker holds while it answers."""

    @property
    def partitions(self) -> Collection[int]:
        """The partitions held, their states restored."""

    def states(self) -> AsyncGenerator[tuple[bytes, Read], None]:
        """Yield each key with what reads it and its parts; others get their turn in between.

        Raises BackendUnavailable when the partitions go to other workers meanwhile.
        """

    def iterate(self, make: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
        """Yield in the same way what another iterator over these partitions yields; it is made when its turn comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyQuestion:
    """Asks for one state; `answer` returns None where there is none, and `unknown` says so to people."""

    page: Page
    key: Callable[[Asked], bytes]
    answer: Callable[[bytes, Read], Any | None]
    unknown: Callable[[Asked], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupQuestion:
    """Asks for something about all states: `part` is what one worker says, `whole` makes the answer of all parts.

    Raises UsageError in `part` and `whole` for parameters that do not go together.
    """

    page: Page
    part: Callable[[Asked, LocalStates], Awaitable[Sequence[Any]]]
    whole: Callable[[Asked, Sequence[Any]], Any]


Question = KeyQuestion | GroupQuestion


def read_parameters(parameters: Sequence[Parameter], given: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return the parameters by name; an empty text counts as not given.

    Raises UsageError, which names the parameter and what was expected.
    """
    known = {parameter.name: parameter for parameter in parameters}
    asked = {parameter.name: parameter.default for parameter in parameters}
    seen = set[str]()
    for name, text in given:
        if name not in known:
            raise UsageError(f"{name!r} is no parameter here; expected {', '.join(known) or 'none'}")
        if name in seen:
            raise UsageError(f"{name} is given twice; expected one value")
        seen.add(name)
        if text:
            asked[name] = _read(known[name], text)
    return asked


def _read(parameter: Parameter, text: str) -> Any:
    try:
        return parameter.read(text)
    except ValueError:
        raise UsageError(f"{parameter.name} is {text!r}; expected {parameter.expected}") from None
