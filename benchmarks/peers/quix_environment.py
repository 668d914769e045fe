"""An environment for Quix Streams: it takes no Kafka client that is as new as the one of this project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tasker_consumers.embedded.java.artifacts import cache_dir

_ROOT = Path(__file__).parents[2]
_VERSION = "3.28.1"
# Quix Streams, and what our fold and its decoders import.
_PACKAGES = (f"quixstreams=={_VERSION}", "fastavro", "opentelemetry-api", "orjson", "prometheus-client", "pyyaml")


def quix_python() -> str:
    """Return the interpreter of the environment, which is made at the first call and kept.

    Raises subprocess.CalledProcessError when the packages cannot be had.
    """
    place = cache_dir(os.environ) / f"quixstreams-{_VERSION}-python{sys.version_info.major}.{sys.version_info.minor}"
    python = place / "bin" / "python"
    complete = place / "complete"
    if not complete.exists():
        uv = shutil.which("uv") or str(_ROOT / ".uv/bin/uv")
        make = [uv, "venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(place)]
        subprocess.run(make, check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *_PACKAGES], check=True)
        complete.touch()
    return str(python)


def quix_environ() -> dict[str, str]:
    """Return the variables by which a program in that environment finds this checkout."""
    places = [_ROOT, *(_ROOT / name for name in ("schemas", "producer", "consumers"))]
    return {"PYTHONPATH": os.pathsep.join(map(str, places))}
