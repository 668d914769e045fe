"""One worker of the telemetry group as a process, for tests that kill, stop and restart it."""

import logging
import os
import sys
from pathlib import Path
from typing import Any

from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.worker import run_worker
from tasker_consumers.telemetry.app import build_exporter, build_telemetry_processor
from tasker_consumers.telemetry.lifetime import Lifetime
from tests.support.schemas.file_lookup import lookup_of_file


def main(arguments: dict[str, Any]) -> int:
    """Run until asked to stop."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    settings = arguments["settings"]
    engine = EngineSettings(**{**settings, "state_dir": Path(settings["state_dir"])})
    processor = build_telemetry_processor(
        build_exporter({**os.environ, **arguments["environ"]}),
        arguments["prefix"],
        lookup=lookup_of_file(arguments.get("schemas")),
        lifetime=Lifetime(**arguments["lifetime"]),
        environ={"KAFKA_BOOTSTRAP_SERVERS": settings["kafka"]["bootstrap.servers"], **arguments["environ"]},
    )
    return run_worker(processor, engine)
