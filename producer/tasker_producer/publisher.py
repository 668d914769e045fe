"""An `EventPublisher`, which a service holds for all its events.

A publish call builds, checks, masks and encodes the record on the caller's thread and hands it to a queue. Trouble with
Kafka never raises. A caller's mistake raises UsageError in strict mode, and is logged and counted in production.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn, Self

from opentelemetry.metrics import Meter

from tasker_producer.deliveries import make_delivery
from tasker_producer.delivery.host import process
from tasker_producer.delivery.host.drops import DroppedEvent
from tasker_producer.delivery.kafka import Delivery, KafkaDelivery
from tasker_producer.metrics import observe
from tasker_producer.publish_calls import PublishCalls
from tasker_producer.record.schema_ids import RegistryFrames
from tasker_producer.settings import OnMisuse, ProducerSettings, default_on_misuse
from tasker_producer.tasks.decorators import TracedFunctions
from tasker_schemas.errors import UsageError


class EventPublisher(PublishCalls, TracedFunctions):
    """Publishes the events of a service; safe to share between threads, coroutines and forked workers.

    `on_drop` is called with each event that is given up, its reason and its record. Raises ConfigurationError, when it
    is made, for settings that Kafka's client refuses. Without a Kafka in the settings events are counted and dropped.
    With `presume=False` the words that Tasker presumes, such as `exponential` for a retry, are left out: for the facts
    of another engine.
    """

    is_closed = False
    _default_on_misuse: OnMisuse | None = None

    def __init__(
        self,
        settings: ProducerSettings | None = None,
        delivery: Delivery | None = None,
        *,
        on_drop: Callable[[DroppedEvent], None] | None = None,
        presume: bool = True,
    ) -> None:
        self.settings = settings if settings is not None else ProducerSettings.from_env()
        if delivery is None:
            delivery = make_delivery(self.settings, on_drop, from_environment=settings is None)
        is_kafka = isinstance(delivery, KafkaDelivery)
        registry = self.settings.registry if is_kafka else None
        self._frames = None if registry is None else RegistryFrames(registry, self.settings.topic_prefix)
        mode = self.settings.on_misuse or default_on_misuse(self._default_on_misuse)
        super().__init__(self.settings, self._frames, strict=OnMisuse(mode) is OnMisuse.RAISE, presume=presume)
        self._delivery = delivery
        if not is_kafka:
            return
        process.watch(self)
        if self.settings.flush_on_sigterm:
            process.watch_sigterm()

    def flush(self, timeout: float | None = None) -> int:
        """Wait for the queue to empty, at most `timeout` seconds; return how many events are left."""
        return self._delivery.flush(self.settings.flush_timeout_s if timeout is None else timeout)

    def close(self, timeout: float | None = None) -> int:
        """Flush and stop; return how many events were left. Later events are counted as dropped.

        Without a `timeout` (seconds) it takes at most `flush_timeout_s`, and does not wait for a Kafka that is away.
        """
        self.is_closed = True
        process.unwatch(self)
        if self._frames is not None:
            self._frames.stop()
        if timeout is None:
            return self._delivery.close(self.settings.flush_timeout_s, patient=False)
        return self._delivery.close(timeout)

    async def aclose(self, timeout: float | None = None) -> int:  # noqa: ASYNC109  as `close`
        """Do as `close`, in a thread of its own: asyncio's event loop goes on meanwhile."""
        return await asyncio.to_thread(self.close, timeout)

    def stats(self) -> dict[str, int]:
        """Return counts since this process began to publish: published, delivered, queued, dropped (by reason).

        `misused` counts the mistakes of callers; `dropped_misuse` the events that could not be published for them,
        which are not among `published`. With a registry also `framed_single_object`: events that went out without its
        id, because it was not known.
        """
        counts = self._delivery.stats() | self.misuse.stats()
        return counts if self._frames is None else counts | self._frames.stats()

    def observe(self, meter: Meter) -> None:
        """Show `stats()` as OpenTelemetry metrics of this meter, under `tasker.producer.`."""
        observe(self.stats, meter)

    def after_fork(self) -> None:
        """Make this publisher usable in a forked child."""
        self._builder.after_fork()
        self.misuse.reset_after_fork()
        if self._frames is not None:
            self._frames.start()
        self._delivery.after_fork()

    def at_exit(self) -> None:
        """Give queued events a bounded time to leave before the process ends."""
        self.close()

    def __reduce__(self) -> NoReturn:
        raise UsageError(
            "a publisher stays in its process: make one in the other, such as tasker_producer.default_publisher()"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
