"""The statistics and spans that come of imported files, by way of the records that the producer makes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tasker_consumers.importers import ImportedEvent
from tasker_consumers.importers.publish import publish
from tasker_consumers.stats.core.fold import recompute
from tasker_consumers.telemetry.rebuild import spans_of
from tasker_consumers.telemetry.spans.span import Span
from tasker_producer.testing import RecordingPublisher
from tasker_schemas.avro.codec import Decoder
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.names import Family
from tests.support.telemetry.histories import Told

Read = Callable[[bytes, str], list[ImportedEvent]]


@dataclass(frozen=True)
class Imported:
    """Statistics by task id without their revision, which counts events; and spans."""

    stats: dict[str, dict[str, Any]]
    spans: list[Span]

    def attempts(self, step_id: str) -> list[int]:
        """The numbers of the step's attempts, one for each span."""
        attributes = [span.attributes for span in self.spans if span.attributes.get("step_id") == step_id]
        return sorted(int(str(attempt["attempt_number"])) for attempt in attributes)


def imported(read: Read, *files: Any) -> Imported:
    """Import JSON values in turn."""
    publisher = RecordingPublisher()
    for number, file in enumerate(files):
        publish(read(json.dumps(file).encode(), f"f{number}.json"), publisher)
    records = [Told(e.topic, e.key.encode(), e.value, tuple(e.headers)) for e in publisher.events]
    decode = Decoder().decode
    events = [decode(RECORD_OF_FAMILY[Family(record.topic.rsplit(".", 1)[1])], record.value) for record in records]
    stats = recompute(events, [record.headers for record in records])
    return Imported({task_id: {**task, "revision": None} for task_id, task in stats.items()}, spans_of(records))
