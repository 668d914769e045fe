"""Compiled or not, every span, its bytes and the stored states are the same."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

REBUILT = "tests.support.telemetry.rebuilt"


def output(**variables: str) -> list[Any]:
    run = subprocess.run(
        [sys.executable, "-m", REBUILT],
        env={**os.environ, "PYTHONHASHSEED": "0", **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    rebuilt: list[Any] = json.loads(run.stdout)
    return rebuilt


def test_compiled_and_interpreted_the_spans_are_the_same_field_by_field() -> None:
    origin, *compiled = output()
    interpreted_origin, *interpreted = output(TASKER_NO_EXTENSIONS="1")
    assert interpreted_origin == ".py"
    assert len(compiled) == len(interpreted) > 300
    assert compiled == interpreted
    if origin == ".py":
        pytest.skip("nothing was compiled: there was no C compiler when this was installed")
