"""Too large is cut, not dropped: the longest texts first, ids never."""

import json
from typing import Any

import pytest

from tasker_producer import UsageError
from tasker_producer.record.truncation import encode_within


def as_json(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def cut(data: dict[str, Any], limit: int = 1000) -> dict[str, Any]:
    encoded = encode_within(as_json, data, limit)
    assert len(encoded) <= limit
    return json.loads(encoded)  # type: ignore[no-any-return]


def test_the_longest_field_is_cut_first_and_named() -> None:
    record = cut({"task_id": "t" * 300, "error_message": "é" * 2000, "step_name": "pay"})
    assert (record["task_id"], record["step_name"], record["truncated"]) == ("t" * 300, "pay", ["error_message"])


def test_json_text_stays_json() -> None:
    assert json.loads(cut({"context": json.dumps({"blob": "x" * 5000})})["context"]).startswith('{"blob')


def test_a_backtrace_keeps_its_innermost_frames_and_a_chain_its_nearest_exceptions() -> None:
    frames = [f"frame {number:03}" for number in range(200)]
    assert cut({"backtrace": frames})["backtrace"][-1] == frames[-1]
    links = [{"error_message": f"error {number:03}", "depth": number} for number in range(100)]
    assert cut({"error_chain": links})["error_chain"][0] == links[0]


def test_the_shortest_attributes_stay() -> None:
    assert cut({"attributes": {"blob": "x" * 5000, "order": 42}})["attributes"] == {"order": 42}


def test_text_that_utf_8_cannot_hold_is_repaired() -> None:
    assert cut({"step_name": "bad \ud800", "attributes": {"\ud800": ["\ud800"]}})["step_name"] == "bad \\ud800"


def test_ids_that_are_too_large_alone_are_refused() -> None:
    with pytest.raises(UsageError, match="after cutting all that can be cut"):
        encode_within(as_json, {"task_id": "t" * 2000}, 1000)
