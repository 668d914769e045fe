"""Faust in batches: what the stats, telemetry and store processes share. It knows no event.

An application is a `Processor`; `run_worker` runs it in this process. A `Question` is what it can be asked over HTTP.
"""

from tasker_consumers.engine.processor import Processor, Record
from tasker_consumers.engine.settings import EngineSettings
from tasker_consumers.engine.web.questions import GroupQuestion, KeyQuestion, Question
from tasker_consumers.engine.worker import run_worker

__all__ = ["EngineSettings", "GroupQuestion", "KeyQuestion", "Processor", "Question", "Record", "run_worker"]
