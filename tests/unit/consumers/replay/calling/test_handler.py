"""A handler of the user's own: found by its name, called in order, without the state of former calls."""

from pathlib import Path

import pytest

from tasker_consumers.replay.calling.handler import HandlerTarget, ReplayedEvent, call_handler, replay_file
from tasker_consumers.replay.container import write_container
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.errors import UsageError
from tests.support.replay_records import a_record

CODE = """
calls = []

def handle(event):
    calls.append(event.name)
    if len(calls) == 3:
        raise ValueError(f"third call: {event.fields['task_id']}")

class Counter:
    def __init__(self):
        self.count = 0
    def __call__(self, event):
        self.count += 1
        if self.count == 2:
            raise KeyError(event.headers["ce_source"])

number = 7
"""
RECORDS = [a_record(offset=offset) for offset in range(4)]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"handlers_{abs(hash(str(tmp_path)))}"
    (tmp_path / f"{name}.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


@pytest.mark.parametrize(("attribute", "index", "kind"), [("handle", 2, ValueError), ("Counter", 1, KeyError)])
def test_the_first_error_is_returned_and_state_begins_anew(
    module: str, attribute: str, index: int, kind: type[Exception]
) -> None:
    handler = HandlerTarget(f"{module}:{attribute}")
    failures = [call_handler(handler.fresh(), RECORDS, Decoder()) for _ in range(2)]
    for failure in failures:
        assert failure is not None
        assert failure.index == index
        assert isinstance(failure.error, kind)
    assert failures[0] is not None
    assert failures[1] is not None
    assert failures[0].identity == failures[1].identity


def test_a_record_that_cannot_be_read_is_left_out() -> None:
    seen: list[ReplayedEvent] = []
    records = [RECORDS[0], a_record(value=b"junk"), RECORDS[1]]
    assert call_handler(seen.append, records, Decoder()) is None
    assert [event.record.offset for event in seen] == [0, 1]


def test_a_file_is_replayed_and_raises_what_the_handler_raises(module: str, tmp_path: Path) -> None:
    file = tmp_path / "events.avro"
    write_container(RECORDS, file)
    with pytest.raises(ValueError, match="third call: 42"):
        replay_file(file, f"{module}:handle")


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("handle", "expected module:function"),
        (":handle", "expected module:function"),
        ("no_such_module_at_all:handle", "there is no module no_such_module_at_all"),
        ("{module}:absent", "has no absent"),
        ("{module}:number", "cannot be called"),
    ],
)
def test_a_target_that_is_no_handler_is_named(module: str, target: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        HandlerTarget(target.format(module=module))


def test_a_module_that_fails_to_load_is_named_with_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_handlers.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UsageError, match="broken_handlers cannot be loaded: ZeroDivisionError"):
        HandlerTarget("broken_handlers:handle")
