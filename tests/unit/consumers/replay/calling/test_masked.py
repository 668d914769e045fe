"""Secrets are masked in payload and headers; all else stays byte for byte."""

from tasker_consumers.replay.calling.masked import masked_record
from tasker_consumers.replay.payload import decode
from tasker_producer.masking.masker import Masker
from tasker_schemas.avro.codec import Decoder, encode
from tests.support.replay_records import VALUES, a_record


def test_a_record_without_secrets_is_the_same() -> None:
    record = a_record()
    assert masked_record(record, Masker(), Decoder()) == record
    assert masked_record(a_record(value=b"junk"), Masker(), Decoder()) == a_record(value=b"junk")


def test_secrets_are_masked_wherever_they_stand() -> None:
    values = VALUES | {
        "attributes": {"api_key": "k-123", "amount": 7},
        "error_message": "login failed: password=hunter2",
        "step_inputs": '{"token": "t-999", "item": 3}',
    }
    headers = (
        ("ce_type", b"step.failed"),
        ("authorization", b"Bearer abc"),
        ("baggage", b"token=t-999"),
        ("raw", b"\xff"),
    )
    masked = masked_record(a_record(value=encode("StepEvent", values), headers=headers), Masker(), Decoder())
    event = decode(masked, Decoder())
    assert event["attributes"] == {"api_key": "[FILTERED]", "amount": 7}
    assert event["error_message"] == "login failed: password=[FILTERED]"
    assert "t-999" not in event["step_inputs"]
    assert masked.header("authorization") == b"[FILTERED]"
    assert b"t-999" not in (masked.header("baggage") or b"")
    assert masked.header("raw") == b"\xff"
    assert event["task_id"] == "42"
