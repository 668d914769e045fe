"""What GitHub's API answered, as a file keeps it: a recording of HTTP answers, or JSON.

A recording has five lines for each answer: method, route, URL, status, and the body as base64. JSON is one answer, or a
list of them.
"""

import base64
import binascii
from dataclasses import dataclass

from tasker_consumers.importers.document import Node, load, load_part, read_text
from tasker_consumers.importers.errors import BrokenFile

_LINES = 5
_SHAPE = "five lines for each answer: method, route, URL, status, body as base64"


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of one successful answer; `url` is empty where only bodies are kept."""

    url: str
    body: Node


def read_answers(raw: bytes, name: str) -> list[Answer]:
    """Return the successful answers in a file, plain or gzip; raise BrokenFile.

    What GitHub refused, a run that does not exist for instance, is left out: there is nothing in it to import.
    """
    text = read_text(raw, name)
    if text.lstrip().startswith(("{", "[")):
        root = load(raw, name)
        return [Answer("", body) for body in (root.items() if isinstance(root.value, list) else [root])]
    lines = text.removesuffix("\n").split("\n")
    if len(lines) % _LINES:
        raise BrokenFile(f"line {len(lines)}", f"ends in the middle of an answer; expected JSON, or {_SHAPE}")
    found = (_answer(lines[at : at + _LINES], at + 1) for at in range(0, len(lines), _LINES))
    return [answer for answer in found if answer is not None]


def _answer(lines: list[str], first: int) -> Answer | None:
    _, _, url, status, body = (line.strip() for line in lines)
    if not (status.isascii() and status.isdecimal()):
        raise BrokenFile(f"line {first + 3}", f"expected the status of an answer, a number; a recording has {_SHAPE}")
    if not status.startswith("2") or not body:
        return None
    place = f"line {first + 4}"
    try:
        return Answer(url, load_part(base64.b64decode(body, validate=True), place))
    except (binascii.Error, ValueError) as error:
        raise BrokenFile(place, "expected base64") from error
