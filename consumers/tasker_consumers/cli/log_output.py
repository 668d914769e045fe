"""The log of the consumers: readable lines on a terminal, a JSON object on each line elsewhere."""

import logging
import sys
from typing import TextIO

import structlog

#: Levels of libraries, and of the engine's modules in which Faust speaks.
_LIBRARIES = {
    "aiokafka": logging.CRITICAL,
    "alembic": logging.WARNING,
    "asyncio": logging.CRITICAL,
    "faust": logging.CRITICAL,
    "mode": logging.CRITICAL,
    "tasker_consumers.engine.app": logging.WARNING,
    "tasker_consumers.engine.faust": logging.WARNING,
}


def configure_logging(level: str, out: TextIO = sys.stderr) -> None:
    """Send all log records to `out` from `level` on, and warnings of Python too.

    The libraries' own lines are left out, because the worker itself logs the important events, and because an absent
    broker causes a hundred such lines a second. With `debug` they come, from info on: below, Faust builds each of its
    lines only to drop them.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    for_eyes = out.isatty()
    shown: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if for_eyes else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([] if for_eyes else [structlog.processors.format_exc_info]),
                shown,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name, quiet_level in _LIBRARIES.items():
        logging.getLogger(name).setLevel(logging.INFO if level == "debug" else quiet_level)
