"""Compiled or not, the statistics are the same."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

FOLDED = "tests.support.stats.folded"


def output(module: str, **variables: str) -> list[Any]:
    run = subprocess.run(
        [sys.executable, "-m", module],
        env={**os.environ, "PYTHONHASHSEED": "0", **variables},  # sets of texts are stored in their own order
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[Any] = json.loads(run.stdout)
    return found


def test_compiled_and_interpreted_the_results_are_the_same() -> None:
    origin, *compiled = output(FOLDED)
    interpreted_origin, *interpreted = output(FOLDED, TASKER_NO_EXTENSIONS="1")
    assert (interpreted_origin, interpreted) == (".py", compiled)
    if origin == ".py":
        pytest.skip("nothing was compiled: there was no C compiler when this was installed")
