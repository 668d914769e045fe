"""Chooses the delivery of a publisher: to Kafka, or to nobody where it is switched off or knows no Kafka."""

import logging
from collections.abc import Callable

from tasker_producer.delivery.host.drops import Drop, DropLog, DroppedEvent
from tasker_producer.delivery.kafka import Delivery, KafkaDelivery
from tasker_producer.delivery.off import NoDelivery
from tasker_producer.settings import ProducerSettings, misspelt_variables
from tasker_schemas.extensions import native_state

_NO_BROKER = "KAFKA_BOOTSTRAP_SERVERS is not set: events are dropped"


def make_delivery(
    settings: ProducerSettings, on_drop: Callable[[DroppedEvent], None] | None, *, from_environment: bool
) -> Delivery:
    """Return where events go; warn once of variables that have no effect.

    Raises ConfigurationError for settings that Kafka's client refuses.
    """
    drop_log = DropLog(on_drop)
    if from_environment:
        for warning in misspelt_variables():
            drop_log.log(warning, warning, logging.WARNING)
    if not settings.enabled:
        return NoDelivery(Drop.DISABLED, drop_log)
    if not settings.filter_parameters:
        drop_log.log("filter", "filter_parameters is empty: events show all values, secrets too", logging.WARNING)
    if not settings.kafka.get("bootstrap.servers"):
        drop_log.log("no broker", _NO_BROKER, logging.WARNING)
        drop_log.report()
        return NoDelivery(Drop.NO_BROKER, drop_log)
    drop_log.log("start", f"Events go to Kafka (native: {native_state()})", logging.INFO)
    return KafkaDelivery(settings.kafka, settings.spool(), drop_log, settings.foreign_kafka)
