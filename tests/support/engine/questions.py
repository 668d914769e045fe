"""A question of each kind about counted numbers, for tests of how the engine has them answered."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from tasker_consumers.engine.processor import Read
from tasker_consumers.engine.web.questions import Arguments, GroupQuestion, KeyQuestion, LocalStates, Page, Parameter

KEY = Parameter(name="key", meaning="Its `key`.", expected="a key", schema={"type": "string"})
LEAST = Parameter(
    name="least", meaning="From here <up>.", expected="a number", schema={"type": "integer"}, read=int, default=0
)
ORDER = Parameter(name="order", meaning="Up or down.", expected="up", schema={"type": "string", "enum": ["up", "down"]})
NUMBER = {
    "title": "Number",
    "type": "object",
    "properties": {"of": {"type": ["string", "null"]}, "all": {"type": "array", "items": {"type": "integer"}}},
}


def _answer(key: bytes, read: Read) -> Any | None:
    found = read(key)
    return None if found is None else {"of": found.decode()}


async def _part(asked: Arguments, holding: LocalStates) -> list[str]:
    async with aclosing(holding.states()) as states:
        return [key.decode() async for key, _ in states if len(key) >= asked["least"]]


def _whole(asked: Arguments, rows: Sequence[str]) -> Any:
    return sorted(rows, reverse=asked["order"] == "down")


ONE = KeyQuestion(
    page=Page(path="/numbers/{key}", title="One", text="A number.", key=KEY, answer=NUMBER, example={"of": "1"}),
    key=lambda asked: asked["key"].encode(),
    answer=_answer,
    unknown=lambda asked: f"no {asked['key']}",
)
ALL = GroupQuestion(
    page=Page(
        path="/numbers",
        title="All <of them>",
        text="Numbers.",
        parameters=(LEAST, ORDER),
        answer={"type": "array", "items": NUMBER},
        example=[],
    ),
    part=_part,
    combine=_whole,
)
