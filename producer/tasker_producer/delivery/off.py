"""The delivery of a publisher that is switched off, or that knows no Kafka: it counts events, and sends none."""

from tasker_producer.delivery.host.drops import Drop, DropLog
from tasker_schemas.headers import Header


class NoDelivery:
    """Drops all events; it has no thread, no client and no file."""

    def __init__(self, reason: Drop, drop_log: DropLog) -> None:
        self._reason = reason
        self._drop_log = drop_log
        self._published = 0

    def send(self, topic: str, key: bytes, value: bytes, headers: list[Header]) -> None:  # noqa: ARG002  an interface
        """Count an event, and drop it."""
        self._published += 1
        self._drop_log.count(self._reason)

    def flush(self, timeout: float) -> int:  # noqa: ARG002  an interface
        """Return that nothing is left."""
        return 0

    def close(self, timeout: float, *, patient: bool = True) -> int:  # noqa: ARG002  an interface
        """Return that nothing is left."""
        return 0

    def stats(self) -> dict[str, int]:
        """Return counts as a delivery to Kafka does."""
        dropped = self._drop_log.dropped()
        reasons = {f"dropped_{reason}": number for reason, number in dropped.items()}
        lost = sum(dropped.values())
        return {"published": self._published, "delivered": 0, "queued": 0, "spooled": 0, "dropped": lost, **reasons}

    def after_fork(self) -> None:
        """Count anew in a forked child."""
        self._drop_log.reset_after_fork()
        self._published = 0
