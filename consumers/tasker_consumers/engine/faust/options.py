"""The settings of a worker in Faust's terms."""

from pathlib import Path
from typing import Any

from tasker_consumers.engine.faust.connection import connection
from tasker_consumers.engine.faust.group.static_membership import StableAssignor
from tasker_consumers.engine.faust.recovery import RunTableManager
from tasker_consumers.engine.flow.batch_producer import BATCH_BYTES
from tasker_consumers.engine.settings import EngineSettings

_A_DAY = 24 * 3600.0
#: Runs in Faust's own queue. Those that wait do so in the batcher, where they are gathered by partition.
_QUEUED_RUNS = 2


def faust_options(settings: EngineSettings, state_dir: Path) -> dict[str, Any]:
    """Return the options of `faust.App`; raises ConfigurationError for Kafka settings that Faust does not have."""
    link = connection(settings.kafka)
    return {
        "broker": link.brokers,
        "broker_credentials": link.credentials,
        **({"broker_client_id": link.client_id} if link.client_id else {}),
        "producer_compression_type": link.compression,
        "datadir": state_dir,
        "web_enabled": False,
        "topic_disable_leader": True,
        "topic_allow_declare": False,  # the preflight has made the changelog; not every worker may make topics
        "table_standby_replicas": 0,
        "TableManager": RunTableManager,
        # Commits past a run wait for all its writes, so at least once is exact with an idempotent fold.
        "processing_guarantee": "at_least_once",
        "consumer_auto_offset_reset": "earliest",
        "broker_commit_interval": settings.commit_interval,
        "PartitionAssignor": StableAssignor,
        "consumer_group_instance_id": settings.group_instance_id,
        "broker_session_timeout": settings.session_timeout,
        "broker_heartbeat_interval": settings.heartbeat_interval,
        "broker_request_timeout": max(settings.session_timeout, 40.0),
        # A backend may be slow for as long as it likes: heartbeats show that this worker lives.
        "broker_max_poll_interval": _A_DAY,
        "broker_rebalance_timeout": settings.drain_timeout + 30.0,
        "broker_commit_livelock_soft_timeout": _A_DAY,
        "stream_processing_timeout": _A_DAY,
        "stream_buffer_maxsize": _QUEUED_RUNS,
        "stream_wait_empty": False,  # `settle` does it, with a limit
        "producer_max_batch_size": BATCH_BYTES,
        "producer_request_timeout": settings.broker_timeout,
    }
