"""What the consumers log: readable lines on a terminal, one JSON object for each line elsewhere."""

import logging
import sys
from typing import TextIO

import structlog


def configure_logging(level: str, out: TextIO = sys.stderr) -> None:
    """Send all log records, ours and the libraries', to `out` from `level` on.

    Faust's own loggers stay at info at least: below, it builds each of its debug lines only to drop them.
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
    for chatty in ("faust", "mode", "aiokafka"):
        logging.getLogger(chatty).setLevel(max(logging.INFO, root.level))
