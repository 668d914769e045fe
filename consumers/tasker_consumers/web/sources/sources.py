"""All sources of the pages, opened and closed together."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial

from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.trace_view.readers import KafkaRuns
from tasker_consumers.web.sources.live_tasks import LiveTasks
from tasker_consumers.web.sources.runs import RunCache
from tasker_consumers.web.sources.stats_topics import open_stats_source
from tasker_consumers.web.sources.stored import Stored, open_stored
from tasker_consumers.web.sources.task_facts import LiveFacts
from tasker_schemas.registry.lookup import open_lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where pages get their values from; `stored` is None without a store."""

    settings: ConsumerSettings
    live: LiveTasks
    facts: LiveFacts
    runs: RunCache
    stored: Stored | None


@contextmanager
def open_sources(settings: ConsumerSettings) -> Iterator[Sources]:
    """Yield the sources; they follow the topics until the end of the block."""
    live = LiveTasks(partial(open_stats_source, settings))
    lookup = open_lookup(settings.registry)
    facts = LiveFacts(settings, lookup)
    with ExitStack() as stack:
        stored = stack.enter_context(open_stored(settings))
        for follower in (live, facts):
            follower.start()
            stack.callback(follower.stop)
        yield Sources(
            settings=settings,
            live=live,
            facts=facts,
            runs=RunCache(lambda since: KafkaRuns(settings, since=since), lookup),
            stored=stored,
        )
