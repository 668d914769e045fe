"""The way of a batch through an application: from the batcher through the pipeline to the writers."""

from tasker_consumers.engine.app import EngineApp
from tasker_consumers.engine.faust.partition_producers import PartitionProducers
from tasker_consumers.engine.flow.batching import Batcher
from tasker_consumers.engine.flow.partition_executor import PartitionExecutor
from tasker_consumers.engine.flow.pipeline import Pipeline
from tasker_consumers.engine.flow.quarantine import Quarantine
from tasker_consumers.engine.flow.writer import BatchWriter
from tasker_consumers.engine.preflight import Topology, changelog_topic
from tasker_consumers.engine.processor import E, Processor, S
from tasker_consumers.engine.settings import EngineSettings


def add_flow(
    app: EngineApp, processor: Processor[S, E], settings: EngineSettings, topology: Topology
) -> Pipeline[S, E]:
    """Give the application its flow, which needs its states, and return the pipeline."""
    app.executor = PartitionExecutor(app.on_job_failed)
    changelog = changelog_topic(processor.group)
    app.producers = PartitionProducers(app, processor.group, changelog, processor.outputs, settings.broker_timeout)
    writer = BatchWriter(
        store=app.table.store,
        producer=app.producers,
        changelog=changelog,
        dead_letters=topology.dead_letters,
        may_write=app.may_write,
    )
    app.quarantine = Quarantine(settings.quarantine_limit)
    pipeline = Pipeline(processor, writer, app.metrics, app.quarantine)
    app.batcher = Batcher(app.executor, pipeline.process, settings.batch_size, processor.gather_seconds)
    return pipeline
