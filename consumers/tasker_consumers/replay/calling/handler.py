"""A handler of the user's own, called for each record as a consumer would call it.

    # app/handlers.py
    def handle(event: ReplayedEvent) -> None:
        charge(event.fields["attributes"]["amount"])

`load_handler("app.handlers:handle")` finds it. A class is made anew for each run and its instance called, so that its
state begins empty; the module of a function is loaded anew.
"""

import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

from tasker_consumers.replay.container import read_container
from tasker_consumers.replay.payload import decode
from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import PoisonRecord, UsageError


@dataclass(frozen=True, slots=True)
class ReplayedEvent:
    """An event as a handler gets it: its fields, and the record that it came in."""

    fields: dict[str, Any]
    record: StoredRecord

    @property
    def name(self) -> str:
        """The event's name, such as `step.failed`."""
        return str(self.fields["event_name"])

    @property
    def headers(self) -> dict[str, bytes | None]:
        """The record's headers; of several with the same name the last."""
        return dict(self.record.headers)


Handler = Callable[[ReplayedEvent], object]


@dataclass(frozen=True, slots=True)
class HandlerFailure:
    """An error that a handler raised for the record at an index."""

    index: int
    error: BaseException

    @property
    def identity(self) -> tuple[str, str, str]:
        """The class of the error, and the file and function that raised it; equal for the same failure."""
        frames = extract_tb(self.error.__traceback__)
        frame = frames[-1] if frames else None
        return type(self.error).__qualname__, frame.filename if frame else "", frame.name if frame else ""


def split_target(target: str) -> tuple[str, str]:
    """Return module and attribute of `module:function`; raises UsageError for other text."""
    module, _, attribute = target.partition(":")
    if not module.strip() or not attribute.strip():
        raise UsageError(f"--call is {target!r}; expected module:function, like app.handlers:handle")
    return module, attribute


class HandlerTarget:
    """A handler by its name, `module:function` or `module:Class`, made anew for each run."""

    def __init__(self, target: str) -> None:
        module, attribute = split_target(target)
        self.target = target
        self._attribute = attribute
        self._module = _import(module)
        self.fresh()

    def fresh(self) -> Handler:
        """Return the handler without the state of former runs; raises UsageError when there is none."""
        handler = self._find()
        if isinstance(handler, type):
            handler = handler()
        elif getattr(handler, "__module__", None) == self._module.__name__:
            self._module = importlib.reload(self._module)
            handler = self._find()
        if not callable(handler):
            raise UsageError(f"--call is {self.target!r}, which cannot be called; expected a function or a class")
        return handler  # type: ignore[no-any-return]

    def _find(self) -> Any:
        value: Any = self._module
        for name in self._attribute.split("."):
            if not hasattr(value, name):
                raise UsageError(f"--call is {self.target!r}; {self._module.__name__} has no {self._attribute}")
            value = getattr(value, name)
        return value


def call_handler(handler: Handler, records: Iterable[StoredRecord], decoder: Decoder) -> HandlerFailure | None:
    """Call a handler for each record, and return its first error; records that cannot be read are left out."""
    for index, record in enumerate(records):
        try:
            event = ReplayedEvent(decode(record, decoder), record)
        except PoisonRecord:
            continue
        try:
            handler(event)
        except (Exception, SystemExit) as error:  # noqa: BLE001  the user's code raises anything
            return HandlerFailure(index, error)
    return None


def replay_file(file: Path, target: str) -> None:
    """Call a handler for each record of a file that `tasker replay` wrote; raises what the handler raises.

    Raises UsageError for a file that cannot be read, or a handler that does not exist.
    """
    records: Sequence[StoredRecord] = list(read_container(file))
    failure = call_handler(HandlerTarget(target).fresh(), records, Decoder())
    if failure is not None:
        raise failure.error


def _import(name: str) -> ModuleType:
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as `python -m` does
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UsageError(f"--call: there is no module {error.name}; call from the folder of your code") from error
    except Exception as error:
        raise UsageError(f"--call: the module {name} cannot be loaded: {type(error).__name__}: {error}") from error
