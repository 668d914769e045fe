"""Puts the parts of a store worker together."""

from contextlib import ExitStack

from sqlalchemy import Engine

from tasker_consumers.store.core.records import RecordReader
from tasker_consumers.store.settings import StoreSettings
from tasker_consumers.store.worker.flow import Flow
from tasker_consumers.store.worker.group_consumer import GroupConsumer
from tasker_consumers.store.worker.housekeeping import Housekeeping
from tasker_consumers.store.worker.loop import StoreLoop
from tasker_consumers.store.worker.preflight import open_letters, prepare_topics
from tasker_consumers.store.writing.open_writer import open_writer
from tasker_schemas.avro.codec import Decoder


def assemble(settings: StoreSettings, engine: Engine, decoder: Decoder, stack: ExitStack) -> StoreLoop:
    """Check the topics and return the loop of a worker, not yet started; `stack` closes its parts."""
    admin = prepare_topics(settings)
    letters = open_letters(admin, settings)
    consumer = GroupConsumer(settings)
    stack.callback(consumer.close)
    writer = open_writer(engine)
    stack.callback(writer.close)
    flow = Flow(RecordReader(settings.prefix, decoder), writer, consumer, letters, settings)
    housekeeping = Housekeeping(engine, settings.retention, flow.store_metrics)
    return StoreLoop(flow, consumer, writer, admin, housekeeping)
