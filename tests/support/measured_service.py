"""The numbers of a service that publishes, as Prometheus gets them from the collector."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Sum
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasker_producer import EventPublisher


class MeasuredService:
    """A publisher whose counts are at a port as long as the `with` block lasts."""

    def __init__(self, publisher: EventPublisher, port: int) -> None:
        self._publisher, self._port = publisher, port
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._publisher)
        self._reader = InMemoryMetricReader()
        provider = MeterProvider([self._reader])
        self._stack.callback(provider.shutdown)
        self._publisher.observe(provider.get_meter("service"))
        registry = CollectorRegistry()
        registry.register(self)
        server, thread = start_http_server(self._port, "127.0.0.1", registry)
        self._stack.callback(thread.join)
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def collect(self) -> Iterator[Any]:
        """Yield each metric under its name in Prometheus, with the service as a label."""
        data = self._reader.get_metrics_data()
        for metric in data.resource_metrics[0].scope_metrics[0].metrics if data else ():
            family = CounterMetricFamily if isinstance(metric.data, Sum) else GaugeMetricFamily
            points: list[Any] = list(metric.data.data_points)
            labels = ["service_name", *(points[0].attributes or {})]
            made = family(metric.name.replace(".", "_"), metric.description or "", labels=labels)
            for point in points:
                made.add_metric(["shop", *(point.attributes or {}).values()], point.value)
            yield made
