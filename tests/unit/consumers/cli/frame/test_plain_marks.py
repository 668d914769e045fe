"""Standard output in an encoding that lacks signs: plain marks for eyes, whole documents."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.processes import LIMIT_S

SCRIPT = """
import sys
from rich.console import Console
from tasker_consumers.cli.frame.streams import use_plain_marks
from tasker_consumers.cli.output import echo, show_json, write_document
use_plain_marks()
text = "\N{HEAVY CHECK MARK} 3 \N{MICRO SIGN}s \N{SNOWMAN}"
writers = {"echo": echo, "rich": Console().print, "json": show_json, "page": write_document}
writers[sys.argv[1]](text)
"""
TEXT = "\N{HEAVY CHECK MARK} 3 \N{MICRO SIGN}s \N{SNOWMAN}"


def output_of(kind: str, encoding: str) -> bytes:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, kind],
        env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, b"")
    return ended.stdout.rstrip()


@pytest.mark.parametrize("kind", ["echo", "rich"])
@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("ascii", b"ok 3 us ?"), ("latin-1", b"ok 3 \xb5s ?"), ("utf-8", TEXT.encode())],
)
def test_a_sign_that_the_encoding_lacks_is_a_plain_mark(kind: str, encoding: str, expected: bytes) -> None:
    assert output_of(kind, encoding) == expected


def test_documents_lose_no_sign() -> None:
    assert json.loads(output_of("json", "ascii")) == TEXT
    assert output_of("page", "latin-1") == TEXT.encode()
