"""GitHub's answers in a file: a recording of HTTP answers, or JSON as the API, `gh` and webhooks write it.

A recording has five lines for each answer: method, route, URL, status, and the body as base64. JSON is a single answer,
a list of answers, lists of lists (`gh api --paginate --slurp`), or an answer on each line.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasker_consumers.importers.documents.document import load_part, parse, read_text
from tasker_consumers.importers.documents.node import Node
from tasker_consumers.importers.errors import BrokenFile

_LINES = 5
_SHAPE = "five lines for each answer: method, route, URL, status, body as base64"

#: Names of the API's members in the JSON of the command `gh`.
_IN_GH: Mapping[str, str] = {
    "id": "databaseId",
    "run_attempt": "attempt",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "started_at": "startedAt",
    "completed_at": "completedAt",
    "run_started_at": "startedAt",
    "head_sha": "headSha",
    "head_branch": "headBranch",
    "run_number": "number",
    "html_url": "url",
}
_NO_TIME = "0001-01-01T00:00:00Z"  # Go's zero time, which `gh` writes for a time that is not known


class GitHubNode(Node):
    """A value of an answer; GitHub writes an empty text where it has no value."""

    def spellings(self, key: str) -> tuple[str, ...]:
        """Return the API's name and that of `gh`."""
        return (key, _IN_GH[key]) if key in _IN_GH else (key,)

    def is_absent(self, value: Any) -> bool:
        """Whether a member's value is null, empty or the zero time."""
        return value is None or value in ("", _NO_TIME)


@dataclass(frozen=True, slots=True)
class Answer:
    """The body of a successful answer; `url` is empty where only bodies are kept."""

    url: str
    body: GitHubNode


def read_answers(raw: bytes, name: str) -> list[Answer]:
    """Return the successful answers in a file, plain or gzip; raise BrokenFile.

    Answers that GitHub refused, for a run that does not exist for instance, are left out: they hold nothing to import.
    """
    text = read_text(raw, name)
    if text.lstrip().startswith(("{", "[")):
        return [Answer("", body) for body in _bodies(GitHubNode(parse(text).value))]
    lines = text.removesuffix("\n").split("\n")
    if len(lines) % _LINES:
        raise BrokenFile(f"line {len(lines)}", f"ends in the middle of an answer; expected JSON, or {_SHAPE}")
    answers = (_answer(lines[first : first + _LINES], first + 1) for first in range(0, len(lines), _LINES))
    return [answer for answer in answers if answer is not None]


def _bodies(root: GitHubNode) -> Iterator[GitHubNode]:
    """Yield the answers of a document, however its lists are nested."""
    if isinstance(root.value, list):
        for item in root.items():
            yield from _bodies(item)
    else:
        yield root


def _answer(lines: list[str], first: int) -> Answer | None:
    _, _, url, status, body = (line.strip() for line in lines)
    if not (status.isascii() and status.isdecimal()):
        raise BrokenFile(f"line {first + 3}", f"expected the status of an answer, a number; a recording has {_SHAPE}")
    if not status.startswith("2") or not body:
        return None
    place = f"line {first + 4}"
    try:
        node = load_part(base64.b64decode(body, validate=True), place)
    except (binascii.Error, ValueError) as error:
        raise BrokenFile(place, "expected base64") from error
    return Answer(url, GitHubNode(node.value, node.path))
