"""From an incident to a test: seeded bugs shrink to a few events, and the test is red before the fix, green after."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from tasker_consumers.replay.calling.handler import HandlerTarget, ReplayedEvent, call_handler
from tasker_consumers.replay.calling.incident import IncidentFiles, fewest_events, write_incident
from tasker_consumers.replay.container import read_container
from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.avro.codec import Decoder, encode
from tasker_schemas.errors import UsageError
from tests.support.replay_records import VALUES, a_record

SEED = 0


class SeededBug:
    """Fails at the last of some events that came in their order before; which they are, the seed tells."""

    def __init__(self) -> None:
        draw = Random(SEED)
        self.needed = sorted(draw.sample(range(150), draw.randint(1, 5)))

    def __call__(self, event: ReplayedEvent) -> None:
        if self.needed and event.record.offset == self.needed[0]:
            del self.needed[0]
        if not self.needed:
            raise RuntimeError(f"bug at {event.record.offset}")


def records(count: int = 150, **attributes: object) -> list[StoredRecord]:
    value = encode("StepEvent", VALUES | {"attributes": attributes})
    return [a_record(offset=offset, value=value) for offset in range(count)]


@pytest.mark.parametrize("seed", range(20))
def test_a_seeded_bug_shrinks_to_the_events_that_it_needs(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "SEED", seed)
    handler = HandlerTarget(f"{__name__}:SeededBug")
    failure = call_handler(handler.fresh(), records(), Decoder())
    assert failure is not None
    fewest = fewest_events(handler, records(), failure, Decoder())
    assert [record.offset for record in fewest] == SeededBug().needed
    assert len(fewest) <= 5


HANDLER = """
class Charge:
    def __init__(self):
        self.seen = 0
    def __call__(self, event):
        print("noise")
        if event.fields["attributes"].get("amount") == 13:
            self.seen += 1
        if self.seen == 2:
            {statement}
"""


def pytest_run(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", str(folder)],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def incident(folder: Path, history: Sequence[StoredRecord], monkeypatch: pytest.MonkeyPatch) -> IncidentFiles:
    """Shrink and write the failure of the handler in a folder."""
    monkeypatch.syspath_prepend(str(folder))
    handler = HandlerTarget("charge_handler:Charge")
    failure = call_handler(handler.fresh(), history, Decoder())
    assert failure is not None
    files = IncidentFiles.of(folder, handler.target)
    write_incident(files, handler, fewest_events(handler, history, failure, Decoder()), failure, Decoder())
    return files


def test_the_written_test_is_red_then_green_and_holds_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "charge_handler", raising=False)
    code = tmp_path / "charge_handler.py"
    code.write_text(HANDLER.format(statement="raise LookupError('no price, password=hunter2')"))
    history = [*records(40), *records(3, amount=13, password="hunter2"), *records(40)]
    files = incident(tmp_path, history, monkeypatch)
    assert len(list(read_container(files.events))) == 2
    assert b"hunter2" not in files.events.read_bytes() + files.test.read_bytes()
    assert "LookupError: no price" in files.test.read_text()
    red = pytest_run(tmp_path)
    assert red.returncode == 1, red.stdout
    assert "LookupError" in red.stdout
    code.write_text(HANDLER.format(statement="pass"))
    green = pytest_run(tmp_path)
    assert green.returncode == 0, green.stdout


def test_files_that_exist_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "test_app_handle.py").touch()
    with pytest.raises(UsageError, match=r"test_app_handle\.py exists"):
        IncidentFiles.of(tmp_path, "app:handle")
    with pytest.raises(UsageError, match="expected a folder that exists"):
        IncidentFiles.of(tmp_path / "absent", "app:handle")


def test_a_failure_that_needs_a_secret_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "charge_handler", raising=False)
    statement = "\n".join(HANDLER.splitlines()[:4]) + (
        "\n    def __call__(self, event):\n"
        "        if event.fields['attributes']['password'] == 'hunter2': raise ValueError\n"
    )
    (tmp_path / "charge_handler.py").write_text(statement)
    with pytest.raises(UsageError, match="fails for a secret"):
        incident(tmp_path, records(3, password="hunter2"), monkeypatch)
    assert not list(tmp_path.glob("*.avro"))
