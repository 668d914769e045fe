"""From an incident to a test: the fewest events that make a handler fail, as a file and a pytest without Kafka."""

import io
import re
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from tasker_consumers.replay.calling.handler import HandlerFailure, HandlerTarget, call_handler
from tasker_consumers.replay.calling.masked import masked_record
from tasker_consumers.replay.calling.shrinking import shrink
from tasker_consumers.replay.container import write_container
from tasker_consumers.replay.record import StoredRecord
from tasker_producer.masking.masker import Masker
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import UsageError

_TEST = '''"""{count} events that {target} failed for, found by `tasker replay --shrink`:

    {error}
"""

from pathlib import Path

from tasker_consumers.replay.calling.handler import replay_file


def test_{slug}_takes_the_events() -> None:
    replay_file(Path(__file__).with_name("{file}"), "{target}")
'''


@dataclass(frozen=True, slots=True)
class IncidentFiles:
    """The files of an incident: events, and the test that replays them."""

    events: Path
    test: Path

    @classmethod
    def of(cls, folder: Path, target: str) -> "IncidentFiles":
        """Return the files in a folder that are named after a handler.

        Raises UsageError when the folder does not exist, or has one of them.
        """
        slug = slug_of(target)
        files = cls(folder / f"{slug}.avro", folder / f"test_{slug}.py")
        if not folder.is_dir():
            raise UsageError(f"--into is {str(folder)!r}; expected a folder that exists")
        for file in (files.events, files.test):
            if file.exists():
                raise UsageError(f"{file} exists; name another folder with --into")
        return files


def slug_of(target: str) -> str:
    """Return a handler's name as a part of names of files and functions.

    >>> slug_of("app.handlers:Charge.handle")
    'app_handlers_charge_handle'
    """
    return re.sub(r"\W+", "_", target).strip("_").lower()


def fewest_events(
    handler: HandlerTarget, records: Sequence[StoredRecord], failure: HandlerFailure, decoder: Decoder
) -> list[StoredRecord]:
    """Return the fewest of the records, in their order, for which the handler fails in the same way."""

    def fails(part: Sequence[StoredRecord]) -> bool:
        found_failure = quiet_call(handler, part, decoder)
        return found_failure is not None and found_failure.identity == failure.identity

    return shrink(records[: failure.index + 1], fails)


def quiet_call(handler: HandlerTarget, records: Sequence[StoredRecord], decoder: Decoder) -> HandlerFailure | None:
    """Call a handler without former state, and without its output, and return its first error."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return call_handler(handler.fresh(), records, decoder)


def write_incident(
    files: IncidentFiles,
    handler: HandlerTarget,
    records: Sequence[StoredRecord],
    failure: HandlerFailure,
    decoder: Decoder,
) -> None:
    """Write the records, masked, and the test that replays them.

    Raises UsageError when the handler does not fail for masked records in the same way, or a file cannot be written.
    """
    masker = Masker()
    masked = [masked_record(record, masker, decoder) for record in records]
    masked_failure = quiet_call(handler, masked, decoder)
    if masked_failure is None or masked_failure.identity != failure.identity:
        raise UsageError("the handler fails for a secret that the file may not hold: with masked values it does not")
    text = _TEST.format(
        count=len(masked),
        target=handler.target,
        error=" ".join(masker.scrub(f"{type(failure.error).__name__}: {failure.error}").split())[:200],
        slug=slug_of(handler.target),
        file=files.events.name,
    )
    write_container(masked, files.events)
    try:
        files.test.write_text(text, encoding="utf-8")
    except OSError as error:
        files.events.unlink(missing_ok=True)
        raise UsageError(f"{files.test} cannot be written: {error.strerror or error}") from error
