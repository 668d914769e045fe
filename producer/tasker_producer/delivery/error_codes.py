"""Decides by librdkafka's error code whether an event waits or is given up.

An event is given up only for a fault of its own record. A topic, partition, leader, right, quota or clock that is
missing or wrong is an outage of the cluster: the event waits, and the service's log names the remedy.
"""

from typing import NamedTuple

from confluent_kafka import KafkaError


class Verdict(NamedTuple):
    """Whether an event waits (`keep`), why, and how a person ends the outage."""

    keep: bool
    why: str
    remedy: str = ""


_AWAY = "brokers cannot be reached or do not answer"
_ELECTING = "the partition has no leader or too few replicas for now"
_MISSING = "the topic or partition does not exist yet"
_CREATE = "run tasker topics create"
_RIGHTS = "a right or a login is missing, and may be granted later"
_GRANT = "grant this producer Write and Describe on it (docs/security.md)"
_LOGIN = "check the login of this producer (docs/security.md)"
_CLIENT = "Kafka's client gave the event back; its record is not at fault"
_CLUSTER = "a setting or the clock of the cluster refuses it for now"
_SETTINGS = "compare the topic's settings with tasker doctor"
_RECORD = "the record itself can never be taken"

#: Final: only faults of the record.
_FINAL = {
    "MSG_SIZE_TOO_LARGE": "the record is larger than the topic's max.message.bytes: lower TASKER_MAX_RECORD_BYTES",
    "INVALID_MSG_SIZE": _RECORD,
    "RECORD_LIST_TOO_LARGE": "the record is larger than a segment of the topic",
    "INVALID_RECORD": _RECORD,
    "TOPIC_EXCEPTION": "the topic's name is not allowed: change TASKER_TOPIC_PREFIX",
    "_INVALID_ARG": _RECORD,
    "_INVALID_TYPE": _RECORD,
    "_BAD_MSG": _RECORD,
    "_KEY_SERIALIZATION": _RECORD,
    "_VALUE_SERIALIZATION": _RECORD,
}

#: Kept: the reason, the remedy, and the codes.
_KEPT = {
    (_AWAY, ""): (
        "_DESTROY _DESTROY_BROKER _FAIL _TRANSPORT _RESOLVE _ALL_BROKERS_DOWN _TIMED_OUT _TIMED_OUT_QUEUE "
        "_MSG_TIMED_OUT _NODE_UPDATE _SSL _WAIT_COORD _IN_PROGRESS _PREV_IN_PROGRESS _WAIT_CACHE _INTR _PARTIAL _RETRY "
        "_UNKNOWN_BROKER _CRIT_SYS_RESOURCE _FS _OUTDATED REQUEST_TIMED_OUT BROKER_NOT_AVAILABLE NETWORK_EXCEPTION "
        "COORDINATOR_LOAD_IN_PROGRESS COORDINATOR_NOT_AVAILABLE NOT_COORDINATOR REBOOTSTRAP_REQUIRED UNKNOWN"
    ),
    (_ELECTING, ""): (
        "_ISR_INSUFF LEADER_NOT_AVAILABLE NOT_LEADER_FOR_PARTITION REPLICA_NOT_AVAILABLE NOT_ENOUGH_REPLICAS "
        "NOT_ENOUGH_REPLICAS_AFTER_APPEND KAFKA_STORAGE_ERROR LOG_DIR_NOT_FOUND FENCED_LEADER_EPOCH "
        "UNKNOWN_LEADER_EPOCH STALE_CTRL_EPOCH STALE_BROKER_EPOCH PREFERRED_LEADER_NOT_AVAILABLE "
        "ELIGIBLE_LEADERS_NOT_AVAILABLE REASSIGNMENT_IN_PROGRESS OFFSET_NOT_AVAILABLE LISTENER_NOT_FOUND"
    ),
    (_MISSING, _CREATE): (
        "UNKNOWN_TOPIC_OR_PART _UNKNOWN_TOPIC _UNKNOWN_PARTITION UNKNOWN_TOPIC_ID INCONSISTENT_TOPIC_ID _NOENT"
    ),
    (_RIGHTS, _GRANT): "TOPIC_AUTHORIZATION_FAILED CLUSTER_AUTHORIZATION_FAILED TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    (_RIGHTS, _LOGIN): (
        "_AUTHENTICATION SASL_AUTHENTICATION_FAILED UNSUPPORTED_SASL_MECHANISM ILLEGAL_SASL_STATE SECURITY_DISABLED "
        "DELEGATION_TOKEN_AUTH_DISABLED DELEGATION_TOKEN_NOT_FOUND DELEGATION_TOKEN_OWNER_MISMATCH "
        "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED DELEGATION_TOKEN_AUTHORIZATION_FAILED DELEGATION_TOKEN_EXPIRED "
        "PRINCIPAL_DESERIALIZATION_FAILURE INVALID_PRINCIPAL_TYPE UNACCEPTABLE_CREDENTIAL"
    ),
    (_CLIENT, ""): (
        "_PURGE_QUEUE _PURGE_INFLIGHT _FATAL _GAPLESS_GUARANTEE _INCONSISTENT _STATE _QUEUE_FULL _BAD_COMPRESSION "
        "_INVALID_DIFFERENT_RECORD _UNDERFLOW _APPLICATION _FENCED INVALID_MSG OUT_OF_ORDER_SEQUENCE_NUMBER "
        "DUPLICATE_SEQUENCE_NUMBER UNKNOWN_PRODUCER_ID INVALID_PRODUCER_EPOCH PRODUCER_FENCED "
        "INVALID_PRODUCER_ID_MAPPING INVALID_TXN_STATE CONCURRENT_TRANSACTIONS TRANSACTION_COORDINATOR_FENCED "
        "INVALID_TRANSACTION_TIMEOUT TRANSACTION_ABORTABLE OPERATION_NOT_ATTEMPTED"
    ),
    (_CLUSTER, _SETTINGS): (
        "INVALID_TIMESTAMP POLICY_VIOLATION THROTTLING_QUOTA_EXCEEDED UNSUPPORTED_VERSION INVALID_REQUEST "
        "UNSUPPORTED_FOR_MESSAGE_FORMAT UNSUPPORTED_COMPRESSION_TYPE INVALID_REQUIRED_ACKS INVALID_CONFIG "
        "_UNSUPPORTED_FEATURE _UNKNOWN_PROTOCOL _NOT_IMPLEMENTED _NOT_CONFIGURED"
    ),
}

_OTHERS = Verdict(keep=True, why="Kafka answers no producer with it; should it come, the record is not at fault")


def _table() -> dict[int, Verdict]:
    table = {getattr(KafkaError, name): Verdict(keep=False, why=why) for name, why in _FINAL.items()}
    for (why, remedy), names in _KEPT.items():
        codes = (getattr(KafkaError, name, None) for name in names.split())  # clients differ in their newest codes
        table |= {code: Verdict(keep=True, why=why, remedy=remedy) for code in codes if code is not None}
    return table


VERDICTS = _table()

MISSING_TOPIC = frozenset(code for code, verdict in VERDICTS.items() if verdict.why == _MISSING)

#: The whole client or cluster is away: no topic is at fault, and librdkafka itself waits for it.
OUTAGE = frozenset(code for code, verdict in VERDICTS.items() if verdict.why in (_AWAY, _CLIENT))


def verdict_of(code: int) -> Verdict:
    """Return whether an event that came back with this code of librdkafka waits, and why.

    >>> verdict_of(KafkaError._MSG_TIMED_OUT).keep, verdict_of(KafkaError.MSG_SIZE_TOO_LARGE).keep
    (True, False)
    """
    return VERDICTS.get(code, _OTHERS)
