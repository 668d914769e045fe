"""Native modules compiled a second time with AddressSanitizer, and a process that runs a program with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MODULES = {
    "tasker_schemas.avro._reader_c": "schemas/tasker_schemas/avro/_reader_c",
    "tasker_schemas.avro._projection_c": "schemas/tasker_schemas/avro/_projection_c",
    "tasker_schemas.avro._writer_c": "schemas/tasker_schemas/avro/_writer_c",
    "tasker_consumers.engine.faust._record_batches_c": "consumers/tasker_consumers/engine/faust/_record_batches_c",
    "tasker_consumers.replay.reading._record_filter_c": "consumers/tasker_consumers/replay/reading/_record_filter_c",
    "tasker_consumers.telemetry.export._protobuf_c": "consumers/tasker_consumers/telemetry/export/_protobuf_c",
    "tasker_consumers.telemetry.export.otlp._encoder_c": "consumers/tasker_consumers/telemetry/export/otlp/_encoder_c",
    "tasker_consumers.telemetry.core._contexts_c": "consumers/tasker_consumers/telemetry/core/_contexts_c",
}


def compile_sanitized(directory: Path) -> Path:
    """Compile the C code that Cython made of each module into `directory`; skip the test where that is impossible."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed: nothing can be compiled with AddressSanitizer")
    if not library(compiler).is_absolute():
        pytest.skip("gcc has no libasan: install the sanitizer's library")
    builds = [_build(compiler, module, path, directory) for module, path in MODULES.items()]
    for build in builds:
        _, errors = build.communicate(timeout=250)
        assert build.returncode == 0, errors
    return directory


def library(compiler: str = "gcc") -> Path:
    """Return the path of AddressSanitizer's library; a relative one if the compiler does not have it."""
    command = [compiler, "-print-file-name=libasan.so"]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def _build(compiler: str, module: str, path: str, directory: Path) -> subprocess.Popen[str]:
    code, source = ROOT / "build" / f"{path}.c", ROOT / f"{path}.pyx"
    if not code.exists() or code.stat().st_mtime < source.stat().st_mtime:
        pytest.skip(f"the C code of {module} is not in build/, or older than its source: make setup")
    flags = ["-shared", "-fPIC", "-g1", "-O0", "-w", "-fsanitize=address", f"-I{sysconfig.get_path('include')}"]
    command = [compiler, *flags, str(code), "-o", str(directory / f"{module}.so")]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def run_sanitized(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with AddressSanitizer, which ends the process at the first access outside of an object."""
    environ = {
        **os.environ,
        "LD_PRELOAD": str(library()),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",  # the interpreter keeps much until it ends
        "PYTHONMALLOC": "malloc",  # else the limits of an object inside of Python's own pools are unknown
        "SANITIZED_MODULES": str(directory),
    }
    return subprocess.run(
        [sys.executable, *command], env=environ, cwd=ROOT, capture_output=True, text=True, check=False, timeout=250
    )
