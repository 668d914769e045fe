"""Starts a store worker from the settings of all consumers."""

from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.store.settings import StoreSettings
from tasker_consumers.store.worker.worker import run_store
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.registry.lookup import open_lookup


def start_store(settings: ConsumerSettings) -> int:
    """Run a store worker until it is stopped, and return its exit code."""
    return run_store(StoreSettings.of(settings), Decoder(open_lookup(settings.registry)))
