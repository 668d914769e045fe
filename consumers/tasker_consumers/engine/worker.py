"""A worker in this process: checks, start, and an exit code with the reason of an abnormal end."""

import asyncio
import logging
import threading
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tasker_consumers.engine.ending import ExpectedErrors, exit_code_of, log_thread_error
from tasker_consumers.engine.faust.fingerprints import check_libraries
from tasker_consumers.engine.preflight import Topology, prepare_topics
from tasker_consumers.engine.processor import Processor
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.state.state_dir import claim_state_dir
from tasker_consumers.engine.web.questions import Question
from tasker_consumers.engine.working import work
from tasker_schemas.extensions import native_state

#: Modules with services of Faust, which log the error that ends them.
_SERVICES = ("app", "faust.consumer", "faust.fetch_thread", "faust.recovery", "faust.table")

logger = logging.getLogger(__name__)


def run_worker(processor: Processor[Any, Any], settings: EngineSettings, questions: Sequence[Question] = ()) -> int:
    """Run until SIGTERM or SIGINT, or until something breaks, and return the exit code.

    `questions` are the questions that this worker and the others of its group answer over HTTP meanwhile.

    0: stopped as asked, with all finished work committed. 1: crashed; a supervisor should start it again. 2: it could
    not start, because a setting is wrong or the broker is away. After 1 and 2 the last line of the log has the reason.
    """
    threading.excepthook = log_thread_error
    for service in _SERVICES:
        logging.getLogger(f"tasker_consumers.engine.{service}").addFilter(ExpectedErrors())
    return exit_code_of(lambda: _run(processor, settings, questions))


def _run(
    processor: Processor[Any, Any], settings: EngineSettings, questions: Sequence[Question]
) -> BaseException | None:
    check_libraries()
    topology = prepare_topics(processor, settings)
    with claim_state_dir(settings.state_dir, processor.group) as state_dir:
        _log_start(processor, settings, topology, state_dir)
        return asyncio.run(work(processor, settings, questions, topology, state_dir))


def _log_start(processor: Processor[Any, Any], settings: EngineSettings, topology: Topology, state_dir: Path) -> None:
    store = "in memory" if settings.store == "memory" else f"in {state_dir}"
    logger.info(
        "tasker-events %s (native: %s): group %s at %s, states %s",
        version("tasker-events"),
        native_state(),
        processor.group,
        settings.kafka["bootstrap.servers"],
        store,
    )
    sources, outputs = ", ".join(processor.sources), ", ".join(processor.outputs) or "no topic"
    logger.info("Reading %s (%d partitions each), writing %s", sources, topology.partitions, outputs)
