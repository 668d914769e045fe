"""The store's own numbers, beside those that every group has."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from tasker_consumers.engine.metrics import EngineMetrics


class StoreMetrics:
    """Counters and measurements of a store worker, for `/metrics`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.rows = Counter("tasker_store_rows", "Rows that were new or changed.", registry=self.registry)
        self.expired = Counter(
            "tasker_store_expired_rows",
            "Rows that were older than the retention, and not written.",
            registry=self.registry,
        )
        self.pruned = Counter(
            "tasker_store_pruned_rows", "Rows and days that retention removed.", registry=self.registry
        )
        self.write_seconds = Histogram(
            "tasker_store_write_seconds", "Time of a transaction in the database.", registry=self.registry
        )
        self.database_up = Gauge(
            "tasker_store_database_up", "Whether the database took the last batch.", registry=self.registry
        )
        #: The numbers that all groups have, and those above: the registry of `/metrics`.
        self.engine = EngineMetrics(self.registry)
