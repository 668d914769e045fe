"""The statistics of tasks whose events come bit by bit, without a worker."""

from collections.abc import Iterable
from typing import Any

from tasker_consumers.replay.record import StoredRecord
from tasker_consumers.stats.core.derive import derive_stats
from tasker_consumers.stats.core.fold import FAMILIES, fold_all
from tasker_consumers.stats.core.state import TaskState
from tasker_schemas.avro.codec import Decoder, SchemaLookup
from tasker_schemas.avro.versions import RECORD_OF_FAMILY
from tasker_schemas.errors import PoisonRecord
from tasker_schemas.event_check import check_record


class FoldedTasks:
    """Folds records of events in any order; records that hold none, or cannot be read, change nothing."""

    def __init__(self, lookup: SchemaLookup | None = None) -> None:
        self._decode = Decoder(lookup).decode
        self._states: dict[str, TaskState] = {}

    def fold(self, records: Iterable[StoredRecord]) -> list[dict[str, Any]]:
        """Return the statistics of the tasks that have events among the records.

        Raises BackendUnavailable when the registry must be asked and does not answer.
        """
        events, headers = [], []
        for record in records:
            if (event := self._event(record)) is not None:
                events.append(event)
                headers.append(record.headers)
        changed = fold_all(self._states, events, headers)
        return [derive_stats(self._states[task_id]) for task_id in sorted(changed)]

    def clear(self) -> None:
        """Forget all tasks."""
        self._states.clear()

    def _event(self, record: StoredRecord) -> dict[str, Any] | None:
        family = next((family for family in FAMILIES if record.topic.endswith(f".{family}")), None)
        if family is None:
            return None
        try:
            event = self._decode(RECORD_OF_FAMILY[family], record.value)
            check_record(event, record.key, family)
        except PoisonRecord:
            return None
        return event
