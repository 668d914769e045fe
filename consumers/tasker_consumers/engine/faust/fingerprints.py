"""The parts of Faust and aiokafka that the engine overrides or relies on, by the sources it was written against.

A worker on other sources could lose facts silently: it does not start. When a fingerprint differs, read the new source
beside the override, run the reliability tests, and only then take the new fingerprint.
"""

import hashlib
import importlib
import inspect
from functools import cache
from importlib.metadata import version
from typing import Any

from tasker_schemas.errors import ConfigurationError

FINGERPRINTS = {
    "faust.transport.consumer:Consumer.getmany": "4b168d84882a",
    "faust.transport.consumer:Consumer._wait_next_records": "6218e1969a63",
    "faust.transport.consumer:Consumer._drain_messages": "44a2500309e8",
    "faust.transport.consumer:Consumer._new_offset": "1d2c7ea89a7a",
    "faust.transport.consumer:Consumer._add_gap": "4df2573ded7c",
    "faust.transport.consumer:Consumer._commit_tps": "a20e230b05ae",
    "faust.transport.consumer:Consumer.ack": "5fcf41cf4515",
    "faust.transport.consumer:Consumer.on_buffer_full": "c8961679e0bc",
    "faust.transport.consumer:Consumer.on_buffer_drop": "4b57e8a418d5",
    "faust.transport.consumer:Consumer.on_partitions_revoked": "d04b7ae72c6f",
    "faust.transport.consumer:Consumer.perform_seek": "0e8c130ff4b0",
    "faust.transport.consumer:Consumer.stop_flow": "cf7e875a2b0d",
    "faust.transport.consumer:Consumer.resume_flow": "db59630f25b5",
    "faust.transport.consumer:Consumer.verify_event_path": "aead7dc3d8dc",
    "faust.transport.consumer:ThreadDelegateConsumer.seek_wait": "e9db5bbc4ceb",
    "faust.transport.consumer:ConsumerThread.on_partitions_assigned": "e59e8dda4372",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer": "c2701bfc3e6f",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": "39a2c6c79fc1",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._seek_wait": "9d221e816d94",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.on_start": "38b4e8bd1e10",
    "faust.transport.drivers.aiokafka:Consumer._new_consumer_thread": "0870ec53dea7",
    "faust.transport.drivers.aiokafka:Producer._ensure_producer": "5592a4bbdf25",
    "faust.transport.conductor:ConductorCompiler.build": "837cf521368c",
    "faust.serializers.schemas:Schema.compile": "d46eec5ce319",
    "faust.assignor.partition_assignor:PartitionAssignor.on_assignment": "72f34bf053d6",
    "faust.assignor.partition_assignor:PartitionAssignor.tables_metadata": "1d69c8fd9c62",
    "faust.assignor.partition_assignor:PartitionAssignor._get_changelog_distribution": "dd376e80a45b",
    "faust.assignor.partition_assignor:PartitionAssignor._protocol_assignments": "e231e876d04a",
    "faust.tables.base:Collection.on_start": "daddcc354ad0",
    "faust.tables.base:Collection.on_rebalance": "0812ad692171",
    "faust.tables.base:Collection.on_recovery_completed": "b1526fb39ea0",
    "faust.tables.base:Collection.persisted_offset": "d473d3ab3fd6",
    "faust.tables.manager:TableManager.on_rebalance": "2d2c23a07bf5",
    "faust.tables.recovery:Recovery._build_offsets": "27eec86be06c",
    "faust.tables.recovery:Recovery._restart_recovery": "6bd8a8558a2d",
    "faust.tables.recovery:Recovery._set_recovery_started": "bcfebf81ae13",
    "faust.tables.recovery:Recovery._slurp_changelogs": "7825c7e50f76",
    "faust.tables.recovery:Recovery.flush_buffers": "6fa9c17f1071",
    "faust.tables.recovery:Recovery.need_recovery": "fd1dc345b5d5",
    "faust.tables.recovery:Recovery.on_recovery_completed": "6ef567acf072",
    "faust.app.base:App._on_partitions_assigned": "de932b7927db",
    "faust.app.base:App._on_partitions_revoked": "d5c895bbe57d",
    "faust.app.base:App._stop_consumer": "55854a5de12c",
    "mode.utils.queues:FlowControlEvent.resume": "4dcdc1253fd0",
    "aiokafka.consumer.fetcher:FetchResult.getall": "3e717e30de50",
    "aiokafka.consumer.fetcher:Fetcher._fetch_requests_routine": "2a8ec5932644",
    "aiokafka.consumer.fetcher:PartitionRecords.__next__": "63ac34a08c30",
    "aiokafka.consumer.fetcher:Fetcher.fetched_records": "be4348896b9b",
    "aiokafka.consumer.fetcher:Fetcher._get_actions_per_node": "1dab2cf937d1",
    "aiokafka.consumer.fetcher:Fetcher._proc_fetch_request": "59bf948fff47",
    "aiokafka.consumer.fetcher:PartitionRecords.__init__": "8ec1c2ae6ea1",
    "aiokafka.consumer.fetcher:PartitionRecords._unpack_records": "b803e6d46480",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._do_heartbeat": "dc1d6632aaa6",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._heartbeat_routine": "61d010289522",
    "aiokafka.consumer.group_coordinator:GroupCoordinator.ensure_active_group": "33c84c1a9301",
    "aiokafka.consumer.group_coordinator:CoordinatorGroupRebalance.perform_group_join": "ff2c2109b2e9",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._maybe_leave_group": "016cd88a16e6",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._on_join_complete": "0b0b3d204b40",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._perform_assignment": "a5cf61fa9732",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._push_error_to_user": "743ff515bd7e",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._send_req": "fa4b12e914ce",
    "aiokafka.consumer.group_coordinator:GroupCoordinator.reset_generation": "537aa37c531b",
    "faust.app.base:App.on_rebalance_end": "b7ff69e1e377",
    "aiokafka.consumer.group_coordinator:BaseCoordinator._get_metadata_snapshot": "c7730c10381d",
    "faust.assignor.partition_assignor:PartitionAssignor._get_copartitioned_groups": "82b7a3764ad5",
    "faust.tables.recovery:Recovery.on_rebalance": "aa4d997a1795",
    "mode.services:Service.wait_first": "feade6a31f8a",
    "mode.threads:ServiceThread._stopped_set": "af9b1ff77812",
    "faust.tables.recovery:Recovery._build_highwaters": "91b4cc0d3724",
    "faust.tables.recovery:Recovery._wait": "ec7429b70176",
    "faust.tables.recovery:Recovery.add_active": "033aae28e4dc",
    "faust.tables.recovery:Recovery._add": "1584a197b11b",
    "faust.transport.drivers.aiokafka:Producer._settings_default": "9c39987fb719",
    "aiokafka.producer.producer:AIOKafkaProducer.start": "bae900a5e83a",
    "aiokafka.producer.producer:AIOKafkaProducer.stop": "43ef97147111",
    "aiokafka.producer.sender:Sender._maybe_wait_for_pid": "577189636b56",
    "aiokafka.producer.sender:Sender.close": "f60b3d023d25",
    "aiokafka.producer.sender:SendProduceReqHandler.do": "2dccd3d56b16",
    "aiokafka.producer.sender:SendProduceReqHandler._can_retry": "7ff5d491d977",
    "aiokafka.producer.sender:SendProduceReqHandler.handle_response": "850323cc8f77",
    "aiokafka.producer.transaction_manager:TransactionManager.set_pid_and_epoch": "1e174622d40d",
    "aiokafka.client:AIOKafkaClient.send": "246b277687d7",
    "aiokafka.client:AIOKafkaClient._wait_on_metadata": "52b0a5ee78ef",
    "aiokafka.producer.producer:AIOKafkaProducer.send_batch": "bf42b0f0c5c0",
    "aiokafka.producer.message_accumulator:BatchBuilder.append": "657d76f55157",
}
_PACKAGES = {"faust": "faust-streaming", "mode": "mode-streaming", "aiokafka": "aiokafka"}


def check_libraries() -> None:
    """Raise ConfigurationError, which names each library that differs from the fingerprints."""
    differing: dict[str, list[str]] = {}
    for name, fingerprint in FINGERPRINTS.items():
        if fingerprint_of(name) != fingerprint:
            module, _, path = name.partition(":")
            differing.setdefault(_PACKAGES[module.partition(".")[0]], []).append(path)
    if differing:
        libraries = "; ".join(
            f"{package} {version(package)} differs from what this worker was written against ({', '.join(paths)})"
            for package, paths in sorted(differing.items())
        )
        raise ConfigurationError(f"{libraries}: install the versions that tasker-events asks for.")


@cache
def fingerprint_of(name: str) -> str | None:
    """Return the fingerprint of `module:path` as it is installed, None where it is not.

    >>> fingerprint_of("faust.app.base:App.gone")
    """
    module, _, path = name.partition(":")
    try:
        value: Any = importlib.import_module(module)
        for part in path.split("."):
            value = inspect.getattr_static(value, part)
        source = inspect.getsource(getattr(value, "fun", value))
    except (ImportError, AttributeError, OSError, TypeError):
        return None
    return hashlib.sha256(source.encode()).hexdigest()[:12]
