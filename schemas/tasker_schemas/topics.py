"""The topics of the system: their names for everybody, their settings for those who create them.

`topics/*.yaml` says for each topic who writes, who reads, which record it holds and how the broker keeps it. Names are
`<prefix>.<rest>`, so that several systems can share one Kafka.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tasker_schemas.names import Family

DEFAULT_PREFIX = "tasker"
DEFAULT_PARTITIONS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic: its purpose, and how the broker keeps it."""

    name: str
    description: str
    record: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    config: dict[str, str]


def event_topic(family: Family, prefix: str = DEFAULT_PREFIX) -> str:
    """Return the topic of a family's events.

    >>> event_topic(Family.STEP)
    'tasker.events.step'
    """
    return f"{prefix}.events.{family}"


def event_topics(prefix: str = DEFAULT_PREFIX) -> tuple[str, ...]:
    """Return the topics of all families' events.

    >>> event_topics()[:2]
    ('tasker.events.task', 'tasker.events.step')
    """
    return tuple(event_topic(family, prefix) for family in Family)


def is_event_topic(name: str) -> bool:
    """Return whether a topic holds the events of a family, under whatever prefix.

    >>> is_event_topic("shop.events.step"), is_event_topic("payments")
    (True, False)
    """
    return any(name.endswith(f".events.{family}") for family in Family)


def stats_topic(prefix: str = DEFAULT_PREFIX) -> str:
    """Return the compacted topic that holds the statistics of every task."""
    return f"{prefix}.stats.task"


def window_topic(prefix: str = DEFAULT_PREFIX) -> str:
    """Return the compacted topic that counts the tasks and steps that ended in each minute and hour."""
    return f"{prefix}.stats.window"


def dead_letter_topic(group: str, prefix: str = DEFAULT_PREFIX) -> str:
    """Return the topic for the records that a group could not read.

    >>> dead_letter_topic("stats")
    'tasker.dlq.stats'
    """
    return f"{prefix}.dlq.{group}"


@cache
def all_topics(prefix: str = DEFAULT_PREFIX) -> tuple[Topic, ...]:
    """Return every topic of the system, as the YAML files beside this module describe them.

    Needs PyYAML, which the `consumers` extra brings; a service that only publishes never calls this.
    """
    import yaml  # noqa: PLC0415  the producer's installation does not have it

    folder = files("tasker_schemas") / "topics"
    specifications = [yaml.safe_load(f.read_text()) for f in folder.iterdir() if f.name.endswith(".yaml")]
    return tuple(
        Topic(
            name=f"{prefix}.{spec['topic']}",
            description=spec["description"],
            record=spec["record"],
            producers=tuple(spec["producers"]),
            consumers=tuple(spec["consumers"]),
            config={key: str(value) for key, value in spec["config"].items()},
        )
        for spec in sorted(specifications, key=lambda spec: str(spec["topic"]))
    )
