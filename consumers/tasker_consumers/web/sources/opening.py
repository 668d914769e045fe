"""Opens all sources of the pages, and closes them together."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from tasker_consumers.settings import ConsumerSettings
from tasker_consumers.trace_view.readers import FollowingRuns
from tasker_consumers.web.sources.live.arrivals import Arrivals
from tasker_consumers.web.sources.live.live_tasks import LiveTasks
from tasker_consumers.web.sources.live.task_facts import LiveFacts
from tasker_consumers.web.sources.runs import RunCache
from tasker_consumers.web.sources.sources import Sources
from tasker_consumers.web.sources.stats_topics import open_stats_source
from tasker_consumers.web.sources.stored import open_stored
from tasker_schemas.registry.lookup import open_lookup


@contextmanager
def open_sources(settings: ConsumerSettings) -> Iterator[Sources]:
    """Yield the sources; they follow the topics until the end of the block."""
    lookup = open_lookup(settings.registry)
    live = LiveTasks(partial(open_stats_source, settings))
    arrivals = Arrivals()
    facts = LiveFacts(settings.kafka, settings.topic_prefix, lookup, arrivals.note)
    with ExitStack() as stack:
        stored = stack.enter_context(open_stored(settings))
        for follower in (live.follower, facts.follower):
            follower.start()
            stack.callback(follower.stop)
        yield Sources(
            settings=settings,
            live=live,
            facts=facts,
            arrivals=arrivals,
            runs=RunCache(lambda since: FollowingRuns(settings, since), lookup),
            stored=stored,
            lookup=lookup,
        )
