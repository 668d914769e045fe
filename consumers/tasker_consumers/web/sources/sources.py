"""All sources of the pages."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.times import time_text
from tasker_consumers.web.sources.answers import Answers
from tasker_consumers.web.sources.live.arrivals import Arrivals
from tasker_consumers.web.sources.live.live_tasks import LiveTasks
from tasker_consumers.web.sources.live.task_facts import LiveFacts
from tasker_consumers.web.sources.runs import RunCache
from tasker_consumers.web.sources.stored import Stored
from tasker_schemas.avro.codec import SchemaLookup

#: Events without statistics for so long mean that nobody folds them, in microseconds.
_STANDSTILL_US = 30_000_000

if TYPE_CHECKING:
    from tasker_consumers.store.reading.reader import StoreReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where pages get their values from; `stored` is None without a store."""

    settings: ConsumerSettings
    live: LiveTasks
    facts: LiveFacts
    runs: RunCache
    stored: Stored | None = None
    lookup: SchemaLookup | None = None
    #: When task events arrived.
    arrivals: Arrivals = field(default_factory=Arrivals)
    #: Answers that take a while, kept for some seconds.
    answers: Answers[Any] = field(default_factory=Answers)

    @property
    def trouble(self) -> str | None:
        """A sentence on why the list of tasks does not change; None while all is well."""
        if self.live.trouble is not None or self.live.latest_event_at is None:
            return self.live.trouble
        since = self.arrivals.first_after(self.live.latest_event_at)
        if since is None or time.time_ns() // 1000 - since < _STANDSTILL_US:
            return None
        return (
            f"The list stands still since {time_text(since)[:19]}Z: events arrive, but no statistics. "
            "Does a worker of `tasker run stats` run?"
        )

    @property
    def store_reader(self) -> "StoreReader | None":
        """The reader of the store; None while there is none."""
        return None if self.stored is None else self.stored.reader
