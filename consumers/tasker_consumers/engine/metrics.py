"""Counters and measurements of a worker, for `/metrics`."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from tasker_consumers.engine.pauses import Pauses

_PAUSED = "Time without work because partitions were moved (rebalance) or states restored (restore)."
_FAILED_STATES = "Stored states that failed when their time came, and are left alone."
_FAILED_EMITS = "Times that the index of a partition could not make its records."


class EngineMetrics:
    """The numbers of a worker, in a registry of their own; it shows those of the application, too."""

    def __init__(self, application: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry()
        if application is not None:
            self.registry.register(application)
        ProcessCollector(registry=self.registry)  # memory and open files
        self._add_metrics_of_flow()
        self._add_metrics_of_partitions()

    def _add_metrics_of_flow(self) -> None:
        counter, histogram = partial(Counter, registry=self.registry), partial(Histogram, registry=self.registry)
        partition, topic, reason = "partition", "topic", "reason"
        self.records = counter("tasker_engine_records", "Records folded into states.", [partition])
        self.poison = counter("tasker_engine_poison_records", "Records sent to the dead letters.", [topic, reason])
        self.failed_states = counter("tasker_engine_failed_states", _FAILED_STATES)
        self.failed_emits = counter("tasker_engine_failed_emits", _FAILED_EMITS)
        self.refused_outputs = counter(
            "tasker_engine_refused_outputs", "Output records that their topic did not take.", [topic]
        )
        self.entries = counter("tasker_engine_entries_written", "Heads and parts of states written.")
        self.outputs = counter("tasker_engine_records_emitted", "Records sent to the outputs.")
        self.run_seconds = histogram("tasker_engine_run_seconds", "From taking a run to its last acknowledgement.")
        self.react_seconds = histogram(
            "tasker_engine_react_seconds", "Time that the application's backend took for a run."
        )

    def _add_metrics_of_partitions(self) -> None:
        counter, gauge = partial(Counter, registry=self.registry), partial(Gauge, registry=self.registry)
        of_partition = ["topic", "partition"]
        self.expired = counter(
            "tasker_engine_expired_records", "Records that retention removed before the group has read them.",
            of_partition,
        )  # fmt: skip
        self.recovered = counter("tasker_engine_records_recovered", "Changelog records read back into the store.")
        self.recovery_left = gauge("tasker_engine_recovery_records_left", "Changelog records still to be read back.")
        self.recovery_seconds = gauge("tasker_engine_recovery_seconds", "Time that the last restoring of states took.")
        self.lag = gauge(
            "tasker_engine_lag_records", "Records in the partition that are not committed yet.", of_partition
        )
        self.pauses = Pauses(counter("tasker_engine_paused_seconds", _PAUSED, ["reason"]))
        self.partitions = gauge("tasker_engine_partitions_assigned", "Source partitions held.")
        self.rebalances = counter("tasker_engine_rebalances", "Redistributions of the group.")
