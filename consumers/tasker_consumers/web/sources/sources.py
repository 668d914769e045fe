"""All sources of the pages."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.web.sources.answers import Answers
from tasker_consumers.web.sources.live.live_tasks import LiveTasks
from tasker_consumers.web.sources.live.task_facts import LiveFacts
from tasker_consumers.web.sources.runs import RunCache
from tasker_consumers.web.sources.stored import Stored
from tasker_schemas.avro.codec import SchemaLookup

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
    #: Answers that take a while, kept for some seconds.
    answers: Answers[Any] = field(default_factory=Answers)

    @property
    def store_reader(self) -> "StoreReader | None":
        """The reader of the store; None while there is none."""
        return None if self.stored is None else self.stored.reader
