"""The requests with which an aiokafka producer writes: each checked before, their numbers right after a refusal."""

# ruff: noqa: SLF001  it has to reach into aiokafka

from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka.errors import DuplicateSequenceNumber, KafkaError, for_code
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.structs import TopicPartition

# Where a batch says how many records it has.
_COUNT, _HEADER = 57, 61


def watch_writing(producer: Any, check: Callable[[], Awaitable[None]]) -> None:
    """Have an aiokafka producer call `check` before each request to write, those of aiokafka's own retries among them.

    A batch that its topic refuses is left out of the numbers: aiokafka goes on behind them, where brokers see a gap.
    """
    send = producer.client.send

    async def watched(node_id: int, request: Any, **options: Any) -> Any:
        if not isinstance(request, ProduceRequest):
            return await send(node_id, request, **options)
        await check()
        response = await send(node_id, request, **options)
        batches = {(topic, partition): data for topic, parts in request._topics for partition, data in parts}
        for topic, parts in response.topics:
            for partition, code, *_ in parts:
                if code and not _may_be_stored(for_code(code)):
                    count = int.from_bytes(batches[topic, partition][_COUNT:_HEADER], "big")
                    numbers = producer._txn_manager
                    numbers.increment_sequence_number(TopicPartition(topic, partition), -count)
        return response

    producer.client.send = watched


def _may_be_stored(error: type[KafkaError]) -> bool:
    return bool(error.retriable) or issubclass(error, DuplicateSequenceNumber)
