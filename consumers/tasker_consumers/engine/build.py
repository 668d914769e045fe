"""Build the application of a worker."""

from pathlib import Path

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.app_flow import add_flow
from tasker_consumers.engine.app_state import add_states
from tasker_consumers.engine.app_tasks import add_tasks
from tasker_consumers.engine.faust.options import faust_options
from tasker_consumers.engine.metrics import EngineMetrics
from tasker_consumers.engine.preflight import Topology, changelog_topic
from tasker_consumers.engine.processor import E, Processor, S
from tasker_consumers.engine.settings import EngineSettings


def build_app(processor: Processor[S, E], settings: EngineSettings, topology: Topology, state_dir: Path) -> EngineApp:
    """Return the application that runs `processor`, not yet started.

    `topology` comes from `prepare_topics`, `state_dir` is this worker's own (`claim_state_dir`).
    """
    app = EngineApp(processor.group, **faust_options(settings, state_dir))
    app.batch_size, app.drain_timeout = settings.batch_size, settings.drain_timeout
    app.broker_timeout = settings.broker_timeout
    topics = (*processor.sources, changelog_topic(processor.group))
    app.partition_counts = dict.fromkeys(topics, topology.partitions)
    app.metrics = EngineMetrics(processor.registry)
    app.metrics.pauses.begin("rebalance")
    add_states(app, processor.index, settings.store, topology, state_dir)
    pipeline = add_flow(app, processor, settings, topology)
    add_tasks(app, processor, pipeline, settings.sweep_interval)
    return app
