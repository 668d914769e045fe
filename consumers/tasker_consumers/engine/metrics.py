"""Counters and measurements of a worker, for `/metrics`."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from tasker_consumers.engine.pauses import Pauses


class EngineMetrics:
    """The numbers of a worker, in a registry of their own; it shows those of the application, too."""

    def __init__(self, application: CollectorRegistry | None = None) -> None:
        self.registry = CollectorRegistry()
        if application is not None:
            self.registry.register(application)
        ProcessCollector(registry=self.registry)  # memory and open files
        self.records = Counter(
            "tasker_engine_records", "Records folded into states.", ["partition"], registry=self.registry
        )
        self.poison = Counter(
            "tasker_engine_poison_records",
            "Records sent to the dead letters.",
            ["topic", "reason"],
            registry=self.registry,
        )
        self.failed_states = Counter(
            "tasker_engine_failed_states",
            "Stored states that failed when their time came, and are left alone.",
            registry=self.registry,
        )
        self.failed_emits = Counter(
            "tasker_engine_failed_emits",
            "Times that the index of a partition could not make its records.",
            registry=self.registry,
        )
        self.refused_outputs = Counter(
            "tasker_engine_refused_outputs",
            "Output records that their topic did not take.",
            ["topic"],
            registry=self.registry,
        )
        self.expired = Counter(
            "tasker_engine_expired_records",
            "Records that retention removed before the group has read them.",
            ["topic", "partition"],
            registry=self.registry,
        )
        self.entries = Counter(
            "tasker_engine_entries_written", "Heads and parts of states written.", registry=self.registry
        )
        self.outputs = Counter("tasker_engine_records_emitted", "Records sent to the outputs.", registry=self.registry)
        self.recovered = Counter(
            "tasker_engine_records_recovered", "Changelog records read back into the store.", registry=self.registry
        )
        self.recovery_left = Gauge(
            "tasker_engine_recovery_records_left", "Changelog records still to be read back.", registry=self.registry
        )
        self.recovery_seconds = Gauge(
            "tasker_engine_recovery_seconds", "Time that the last restoring of states took.", registry=self.registry
        )
        self.run_seconds = Histogram(
            "tasker_engine_run_seconds", "From taking a run to its last acknowledgement.", registry=self.registry
        )
        self.react_seconds = Histogram(
            "tasker_engine_react_seconds", "Time that the application's backend took for a run.", registry=self.registry
        )
        self.lag = Gauge(
            "tasker_engine_lag_records",
            "Records in the partition that are not committed yet.",
            ["topic", "partition"],
            registry=self.registry,
        )
        self.pauses = Pauses(
            Counter(
                "tasker_engine_paused_seconds",
                "Time without work because partitions were moved (rebalance) or states restored (restore).",
                ["reason"],
                registry=self.registry,
            )
        )
        self.partitions = Gauge("tasker_engine_partitions_assigned", "Source partitions held.", registry=self.registry)
        self.rebalances = Counter("tasker_engine_rebalances", "Redistributions of the group.", registry=self.registry)
