"""The folds are pure in fact, not only for the linter: a fresh interpreter loads no broker, web or tracing library."""

import json
import subprocess
import sys

import pytest

from tests.support.processes import LIMIT_S

_LIBRARIES = ("faust", "mode", "aiokafka", "confluent_kafka", "opentelemetry.sdk", "aiohttp", "grpc")
_LOADED = "import json, sys, {fold}; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("group", ["stats", "telemetry"])
def test_a_fresh_interpreter_imports_a_fold_without_faust_kafka_and_the_sdk(group: str) -> None:
    code = _LOADED.format(fold=f"tasker_consumers.{group}.core.fold")
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=LIMIT_S).stdout
    modules = json.loads(output)
    assert not set(_LIBRARIES) & set(modules)
    assert len(modules) < 250
