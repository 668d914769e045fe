"""Which offsets have to be read for a selection, asked of the brokers before anything is read.

The end of a range is the end of the partition at that moment, so that reading a live topic ends.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tasker_consumers.kafka.key_partitions import former_partitions
from tasker_consumers.kafka.offsets import TIMEOUT_S
from tasker_consumers.kafka.partitioner import partition_of
from tasker_consumers.replay.reading.offset_range import OffsetRange
from tasker_consumers.replay.reading.partition_times import append_times, first_times, offsets_at, whole_range
from tasker_consumers.replay.selection.selection import Selection
from tasker_schemas.errors import UsageError


class Plan:
    """Plans the reading of a selection.

    Raises UsageError when none of its topics exists, or when it names a partition that no topic has.
    """

    def __init__(self, consumer: Any, kafka: Mapping[str, str], selection: Selection, prefix: str) -> None:
        self._consumer = consumer
        self._kafka = kafka
        self._selection = selection
        self._counts = _partition_counts(consumer, selection.topics(prefix))
        self._spans = {
            topic: [whole_range(consumer, topic, number) for number in range(count)]
            for topic, count in self._counts.items()
        }
        if selection.starts:
            self._apply_starts(dict(selection.starts))

    def first(self) -> list[OffsetRange]:
        """Return the ranges that hold the selected records; of a task, the ranges that its key leads to."""
        task_id = self._selection.task_id
        spans = self._all_spans() if task_id is None else self._spans_of_key(task_id.encode())
        return self._in_time(spans)

    def everything(self) -> list[OffsetRange]:
        """Return the ranges of all partitions: producers with another partitioner write a key to any of them."""
        return self._in_time(self._all_spans())

    def ends(self) -> dict[tuple[str, int], int]:
        """Return the present end of each partition, by topic and number."""
        return {span[:2]: span.end for span in self._all_spans()}

    def partitions(self) -> list[OffsetRange]:
        """Return a range for each partition that can get a selected record, from the selection's start on."""
        since = self._selection.since
        spans = self._all_spans()
        starts = [span.start for span in spans] if since is None else offsets_at(self._consumer, spans, since)
        return [span._replace(start=min(start, span.end)) for span, start in zip(spans, starts, strict=True)]

    def _all_spans(self) -> list[OffsetRange]:
        return [span for spans in self._spans.values() for span in spans]

    def _spans_of_key(self, key: bytes) -> list[OffsetRange]:
        spans = [spans[partition_of(key, len(spans))] for spans in self._spans.values()]
        return spans + [span for span in self._former_spans(key) if span.start < span.end]

    def _former_spans(self, key: bytes) -> list[OffsetRange]:
        """Return the ranges that the key led to while the topics had fewer partitions."""
        times = first_times(self._kafka, [span for spans in self._spans.values() if len(spans) > 1 for span in spans])
        bounded: list[tuple[OffsetRange, int | None]] = []
        for topic, spans in self._spans.items():
            of_topic = {number: time for (name, number), time in times.items() if name == topic}
            bounds = former_partitions(key, len(spans), of_topic)
            bounded += [
                (spans[number], bound) for number, bound in bounds.items() if spans[number].start < spans[number].end
            ]
        # The first record is younger than the last moment at which the partition can have been used: nothing to read.
        bounded = [
            (span, bound)
            for span, bound in bounded
            if bound is None or times.get((span.topic, span.partition), 0) < bound
        ]
        appended = append_times(self._consumer, [span for span, bound in bounded if bound is not None])
        former = []
        for span, bound in bounded:
            if bound is None or (span.topic, span.partition) not in appended:
                former.append(span)
            else:
                former.append(span._replace(end=min(span.end, *offsets_at(self._consumer, [span], bound))))
        return former

    def _in_time(self, spans: Sequence[OffsetRange]) -> list[OffsetRange]:
        since, until = self._selection.since, self._selection.until
        if since is not None:
            # All records before the first record that is young enough are too old, in whatever order their times come.
            starts = offsets_at(self._consumer, spans, since)
            spans = [s._replace(start=max(s.start, start)) for s, start in zip(spans, starts, strict=True)]
        spans = [span for span in spans if span.start < span.end]
        if until is not None:
            # Only where times never go back nothing that is wanted comes after the first record that is too young.
            appended = append_times(self._consumer, spans)
            exact = [span for span in spans if (span.topic, span.partition) in appended]
            ends = dict(zip(exact, offsets_at(self._consumer, exact, until), strict=True))
            spans = [span._replace(end=min(span.end, ends.get(span, span.end))) for span in spans]
        return [span for span in spans if span.start < span.end]

    def _apply_starts(self, starts: Mapping[int, int]) -> None:
        """Keep the named partitions, each from its offset on."""
        widest = max(self._counts.values())
        if unknown := sorted(number for number in starts if number >= widest):
            raise UsageError(f"--offset names partition {unknown[0]}, but the topics have {widest} partitions, from 0")
        self._spans = {
            topic: [span._replace(start=max(span.start, starts.get(span.partition, span.end))) for span in spans]
            for topic, spans in self._spans.items()
        }


def _partition_counts(consumer: Any, topics: Sequence[str]) -> dict[str, int]:
    existing = consumer.list_topics(timeout=TIMEOUT_S).topics
    counts = {topic: len(existing[topic].partitions) for topic in topics if topic in existing}
    if not counts:
        raise UsageError(f"none of the topics {', '.join(topics)} exists; is TASKER_TOPIC_PREFIX right?")
    return counts
