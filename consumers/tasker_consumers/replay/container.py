"""Records in an Avro container file, byte for byte: `tasker replay` writes them, commands read them back.

The file needs no code of ours: any Avro library reads key, value, headers and position of each record.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fastavro import block_reader, writer

from tasker_consumers.replay.record import StoredRecord
from tasker_schemas.avro.versions import prepared
from tasker_schemas.errors import UsageError

_BYTES = ["null", "bytes"]
_HEADER = {
    "type": "record",
    "name": "Header",
    "fields": [{"name": "name", "type": "string"}, {"name": "value", "type": _BYTES, "default": None}],
}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "StoredRecord",
    "namespace": "tasker.replay",
    "doc": "A record of a Kafka topic as it lay there; timestamp in milliseconds since the epoch, UTC.",
    "fields": [
        {"name": "topic", "type": "string"},
        {"name": "partition", "type": "int"},
        {"name": "offset", "type": "long"},
        {"name": "timestamp", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}], "default": None},
        {"name": "appended", "type": "boolean", "default": False},
        {"name": "key", "type": _BYTES, "default": None},
        {"name": "value", "type": _BYTES, "default": None},
        {"name": "headers", "type": {"type": "array", "items": _HEADER}, "default": []},
    ],
}


def write_container(records: Iterable[StoredRecord], file: Path) -> int:
    """Write records to a new file, and return how many; a file that cannot be finished is removed.

    Raises UsageError when the file exists or cannot be written.
    """
    count = 0

    def counted() -> Iterator[dict[str, Any]]:
        nonlocal count
        for record in records:
            count += 1
            yield _to_avro(record)

    try:
        with file.open("xb") as out:
            try:
                writer(out, _plain_schema(), counted(), codec="deflate")
            except BaseException:
                file.unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise UsageError(f"{file} exists; name a new file") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror or error}") from error
    return count


def read_container(file: Path) -> Iterator[StoredRecord]:
    """Yield the records of a file.

    Raises UsageError for a file that cannot be read, that is no such file, or that was cut off or damaged.
    """
    try:
        with file.open("rb") as stream:
            for block in block_reader(stream, _plain_schema()):
                for data in block:
                    yield _from_avro(data)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # fastavro's objections have no class in common
        raise UsageError(f"{file} is no file that `tasker replay --to-file` wrote, or is damaged: {error}") from error


def _plain_schema() -> Any:
    return prepared(SCHEMA)  # without logical types: times stay integers


def _to_avro(record: StoredRecord) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "appended": record.appended,
        "key": record.key,
        "value": record.value,
        "headers": [{"name": name, "value": value} for name, value in record.headers],
    }


def _from_avro(data: Any) -> StoredRecord:
    headers = tuple((header["name"], header["value"]) for header in data["headers"])
    return StoredRecord(**{**data, "headers": headers})
