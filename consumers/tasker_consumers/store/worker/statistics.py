"""What Kafka's client tells of itself every few seconds: whether brokers answer, and how far behind the group is."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

_NO_PARTITION = "-1"


class ClientStatistics(NamedTuple):
    """Facts of a report: whether a broker is connected, whether the group has placed this worker, lags by partition."""

    connected: bool
    placed: bool
    lags: Mapping[tuple[str, int], int]


def read_statistics(report: str) -> ClientStatistics:
    """Return the facts of a report of librdkafka (JSON).

    >>> read_statistics('{"brokers": {}, "topics": {}}')
    ClientStatistics(connected=False, placed=False, lags={})
    """
    document: dict[str, Any] = json.loads(report)
    states = [broker["state"] for broker in document["brokers"].values() if broker.get("nodeid", -1) >= 0]
    lags = {
        (topic, int(number)): partition["consumer_lag"]
        for topic, facts in document["topics"].items()
        for number, partition in facts["partitions"].items()
        if number != _NO_PARTITION and partition["consumer_lag"] >= 0
    }
    return ClientStatistics("UP" in states, document.get("cgrp", {}).get("join_state") == "steady", lags)
