"""A publisher's counts as OpenTelemetry metrics, for services that have a meter; the API alone is needed."""

from collections.abc import Callable, Iterable, Mapping

from opentelemetry.metrics import CallbackOptions, Meter, Observation

_DROPPED = "dropped_"
_COUNTERS = {
    "published": "Events that publish calls accepted.",
    "delivered": "Events that Kafka has acknowledged.",
}
_GAUGES = {
    "queued": "Events in the queue for Kafka.",
    "spooled": "Events that wait on disk and in memory.",
}


def observe(stats: Callable[[], Mapping[str, int]], meter: Meter) -> None:
    """Let a meter read the counts whenever it exports; dropped events are a single counter with their reason."""

    def read(name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        return lambda _options: [Observation(stats().get(name, 0))]

    def dropped(_options: CallbackOptions) -> Iterable[Observation]:
        counts = stats().items()
        return [Observation(n, {"reason": k.removeprefix(_DROPPED)}) for k, n in counts if k.startswith(_DROPPED)]

    for name, description in _COUNTERS.items():
        meter.create_observable_counter(f"tasker.producer.{name}", [read(name)], "{event}", description)
    for name, description in _GAUGES.items():
        meter.create_observable_gauge(f"tasker.producer.{name}", [read(name)], "{event}", description)
    meter.create_observable_counter("tasker.producer.dropped", [dropped], "{event}", "Events that were given up.")
