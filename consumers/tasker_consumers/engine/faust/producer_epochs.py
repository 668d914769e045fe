"""Kafka's producer epochs: whoever begins the next epoch of an id ends the writing of all who have an earlier one.

The transaction coordinator counts the epochs of a transactional id. aiokafka asks for them only to begin transactions,
and cannot name the epoch it has; so the request is made here, as KIP-360 describes it.
"""

import asyncio
from typing import Any, ClassVar, NamedTuple

from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.errors import ConcurrentTransactions, KafkaError, TransactionalIdAuthorizationFailed, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactString, Int16, Int32, Int64, Schema, TaggedFields

from tasker_schemas.errors import BackendUnavailable, ConfigurationError

#: No transaction is ever begun; brokers refuse more than 15 minutes.
_TRANSACTION_TIMEOUT_MS = 60_000
_PAUSE_S = 0.1


class ProducerEpoch(NamedTuple):
    """The id under which records are written to a partition, and its epoch."""

    producer_id: int
    epoch: int


#: For who has none yet.
NO_EPOCH = ProducerEpoch(-1, -1)


async def next_epoch(client: Any, transactional_id: str, current: ProducerEpoch, limit_s: float) -> ProducerEpoch:
    """Begin the next epoch of a transactional id and return it; `client` is an aiokafka client.

    With another `current` than NO_EPOCH this works until somebody else begins an epoch. Waits up to `limit_s` for a
    coordinator, then raises BackendUnavailable, as it does when another worker was faster (its cause is aiokafka's
    InvalidProducerEpoch); raises ConfigurationError when this user may not use the id.
    """
    request = _InitProducerId(transactional_id, current)
    error: object = "no answer"
    try:
        async with asyncio.timeout(limit_s):
            while True:
                try:
                    return await _ask(client, transactional_id, request)
                except KafkaError as failure:
                    error = _if_retriable(failure, transactional_id)
                    await asyncio.sleep(_PAUSE_S)
    except TimeoutError:
        raise BackendUnavailable(
            f"Kafka has no transaction coordinator for {transactional_id} after {limit_s:.0f} s ({error!r}): are "
            "enough brokers up for transaction.state.log.replication.factor?"
        ) from None


async def _ask(client: Any, transactional_id: str, request: "_InitProducerId") -> ProducerEpoch:
    node = await client.coordinator_lookup(CoordinationType.TRANSACTION, transactional_id)
    response = await client.send(node, request, group=ConnectionGroup.COORDINATION)
    if response.error_code:
        error: type[KafkaError] = for_code(response.error_code)
        raise error
    return ProducerEpoch(response.producer_id, response.producer_epoch)


def _if_retriable(failure: KafkaError, transactional_id: str) -> KafkaError:
    if isinstance(failure, TransactionalIdAuthorizationFailed):
        raise ConfigurationError(
            f"Kafka refuses the transactional id {transactional_id}: a worker needs Write and Describe on it."
        ) from failure
    if failure.retriable or isinstance(failure, ConcurrentTransactions):
        return failure
    raise BackendUnavailable(f"Kafka began no epoch of {transactional_id}: {failure!r}") from failure


class _InitProducerIdResponse(Response):  # type: ignore[misc]  # aiokafka has no types
    API_KEY = 22
    API_VERSION = 3
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("tags", TaggedFields),
    )


class _InitProducerIdRequest(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 22
    API_VERSION = 3
    RESPONSE_TYPE = _InitProducerIdResponse
    SCHEMA = Schema(
        ("transactional_id", CompactString("utf-8")),
        ("transaction_timeout_ms", Int32),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("tags", TaggedFields),
    )


class _InitProducerId(Request[_InitProducerIdRequest]):  # type: ignore[misc]
    API_KEY: ClassVar[int] = 22

    def __init__(self, transactional_id: str, current: ProducerEpoch) -> None:
        self._fields: tuple[Any, ...] = (transactional_id, _TRANSACTION_TIMEOUT_MS, *current, {})

    def build(self, request_struct_class: type[_InitProducerIdRequest]) -> _InitProducerIdRequest:
        return request_struct_class(*self._fields)
