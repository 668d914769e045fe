"""The source of `tasker replay`: the topics, or a file that it wrote."""

# ruff: noqa: PLC0415  `tasker --help` must not wait for Kafka's client

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tasker_consumers.cli.records.decoding import matcher_of, open_decoder

if TYPE_CHECKING:
    from tasker_consumers.replay.reading.read import ReadingProgress
    from tasker_consumers.replay.record import StoredRecord
    from tasker_consumers.replay.selection.selection import Selection
    from tasker_consumers.settings import ConsumerSettings


def open_records(
    file: Path | None, settings: "ConsumerSettings", selection: "Selection", progress: "ReadingProgress"
) -> "Iterable[StoredRecord]":
    """Return the selected records of a file or, without a file, of the topics; they can be iterated repeatedly."""
    from tasker_consumers.replay.reading.select_records import SelectedRecords

    if file is None:
        return SelectedRecords(settings.kafka, selection, settings.topic_prefix, open_decoder(settings), progress)
    return list(_file_records(file, selection, settings))


def _file_records(file: Path, selection: "Selection", settings: "ConsumerSettings") -> "Iterator[StoredRecord]":
    from itertools import islice

    from tasker_consumers.replay.container import read_container
    from tasker_consumers.replay.payload import family_of_record

    matcher = matcher_of(selection, open_decoder(settings))
    records = (record for record in read_container(file) if family_of_record(record) in selection.families)
    return islice(filter(matcher.matches, records), selection.limit)
