"""Which failures are the same error: forty variants of ten errors are ten groups, twenty errors are twenty."""

from __future__ import annotations

from typing import Any

import pytest

from tasker_consumers.errors.fingerprint import fingerprint_of

CAUSE: dict[str, Any] = {"relation": "cause", "error_message": "", "backtrace": [], "depth": 1}
LIBRARY = "/usr/lib/python3.11/site-packages/requests/adapters.py:501 in send"

#: Ten errors as four services saw each of them: other ids, addresses, numbers, lines and folders.
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "a gateway that times out": [
        {
            "error_class": "requests.exceptions.ConnectTimeout",
            "error_message": f"HTTPSConnectionPool(host='{host}', port={port}): timed out after {seconds}s",
            "backtrace": [f"{root}/pay.py:{line} in charge", f"{root}/shop/gateway.py:{line + 4} in post", LIBRARY],
        }
        for host, port, seconds, root, line in (
            ("10.0.0.7", 443, 30, "/srv/app", 45),
            ("10.0.0.8", 8443, 5, "/home/ci/build", 61),
            ("pay.example", 443, 2.5, "C:\\app", 45),
            ("fe80::1", 1, 30, "app", 7),
        )
    ],
    "a missing key": [
        {"error_class": "KeyError", "error_message": f"'{sku}'", "backtrace": [f"/srv/shop/cart.py:{line} in price_of"]}
        for sku, line in (("sku_1", 10), ("sku_22", 11), ("a-9", 10), ("b", 300))
    ],
    "the same class elsewhere": [
        {"error_class": "KeyError", "error_message": "'x'", "backtrace": [f"/srv/shop/stock.py:{line} in reserve"]}
        for line in (1, 2, 3, 4)
    ],
    "an error with a cause": [
        {
            "error_class": "shop.Declined",
            "error_message": f"order {order} declined",
            "backtrace": [f"/srv/shop/payment.py:{line} in decline"],
            "error_chain": [{**CAUSE, "error_class": "shop.NoFunds", "error_message": str(order)}],
        }
        for order, line in ((1, 5), (2, 6), (77, 7), (4711, 8))
    ],
    "the same error with another cause": [
        {
            "error_class": "shop.Declined",
            "error_message": f"order {order} declined",
            "backtrace": [f"/srv/shop/payment.py:{line} in decline"],
            "error_chain": [{**CAUSE, "error_class": "shop.Stolen"}],
        }
        for order, line in ((1, 5), (2, 6), (77, 7), (4711, 8))
    ],
    "a message alone": [
        {"error_class": "shop.Refused", "error_message": text}
        for text in (
            "task 0190b2a4-0000-7000-8000-000000000000 of ann@shop.example at 2026-11-26T10:00:00Z",
            "task 0190b2a4-0000-7000-8000-0000000000ff of bob.b@else.example at 2025-01-01 00:00:00.5",
            "task 3f2504e0-4f89-11d3-9a0c-0305e82c3301 of c@d.io at 2026-11-26",
            "task ffffffff-4f89-41d3-9a0c-0305e82c3301 of long.name+tag@mail.example.org at 2026-02-03T04:05:06+01:00",
        )
    ],
    "a message with numbers and paths": [
        {"error_class": "OSError", "error_message": f"[Errno 28] no space for {path}: {free} bytes free"}
        for path, free in (("/var/spool/a", 0), ("/data/tenant-7/b.bin", 4096), ("/tmp/x/y", "1_000"), ("/a/b", "12.5"))
    ],
    "a text without a class": [
        {"error_message": f"worker {number} said no"} for number in ("1", "0x1f", "-3", "9fceb02d0ae598e95dc9")
    ],
    "frames of Ruby": [
        {
            "error_class": "PaymentGateway::TimeoutError",
            "error_message": f"{number}",
            "backtrace": [f"{root}app/payment.rb:{number}:in `charge'", f"{root}gems/faraday-2/lib/x.rb:1:in `call'"],
        }
        for number, root in ((45, ""), (46, "/srv/"), (47, "/home/deploy/releases/2026/"), (48, ""))
    ],
    "frames of JavaScript": [
        {
            "error_class": "TypeError",
            "error_message": "x is undefined",
            "backtrace": [f"at charge ({root}/payment.js:{line}:{line})", "at run (node:internal/process:1:2)"],
        }
        for root, line in (("/srv/app", 3), ("/usr/src", 4), ("webpack://shop", 5), ("file:///x", 6))
    ],
}  # fmt: skip


def test_forty_variants_of_ten_errors_are_ten_groups() -> None:
    groups = {name: {fingerprint_of(event).id for event in events} for name, events in VARIANTS.items()}
    assert {name: len(ids) for name, ids in groups.items()} == dict.fromkeys(VARIANTS, 1)
    assert sum(map(len, VARIANTS.values())) == 40
    assert len(set.union(*groups.values())) == 10


def test_twenty_errors_that_one_helper_raises_stay_twenty() -> None:
    helper = "/srv/shop/errors.py:3 in fail"
    by_caller = [
        {"error_class": "shop.Failed", "error_message": "no", "backtrace": [f"/srv/s.py:1 in step_{letter}", helper]}
        for letter in "abcdefghij"
    ]  # fmt: skip
    by_class = [{"error_class": f"shop.Failed{letter}", "backtrace": [helper]} for letter in "abcdefghij"]
    assert len({fingerprint_of(event).id for event in (*by_caller, *by_class)}) == 20


def test_the_callers_own_group_decides_alone() -> None:
    first = {"error_class": "A", "error_group": "gateway", "backtrace": ["/srv/a.py:1 in f"]}
    second = {"error_class": "B", "error_group": "gateway", "error_message": "else"}
    found = fingerprint_of(first)
    assert found.id == fingerprint_of(second).id
    assert (found.title, found.reason) == ("gateway", "grouped by the caller's error_group")


def test_the_class_of_an_exception_group_is_no_group_of_the_caller() -> None:
    member = {"relation": "member", "error_message": "", "backtrace": [], "depth": 1}
    event = {
        "error_class": "ExceptionGroup",
        "error_group": "ExceptionGroup",
        "backtrace": ["/srv/a.py:1 in f"],
        "error_chain": [{**member, "error_class": name} for name in ("B", "A", "A")],
    }
    assert fingerprint_of(event).parts == ("frames", "ExceptionGroup", "A", "B", "a:f")


@pytest.mark.parametrize("frames", [[], [LIBRARY], ["no frame at all"]], ids=["none", "a library's", "unreadable"])
def test_without_a_frame_of_its_own_class_and_message_decide(frames: list[str]) -> None:
    found = fingerprint_of({"error_class": "E", "error_message": "order 7 of 8", "backtrace": frames})
    assert found.reason == "grouped by class and message"
    assert found.title == "E: order <value> of <value>"


def test_a_fingerprint_tells_its_version_and_its_reason() -> None:
    found = fingerprint_of({"error_class": "E", "backtrace": ["/srv/a.py:1 in f", "/srv/b.py:2 in g"]})
    assert (found.version, found.reason, found.title) == (1, "grouped by 2 frames", "E in b:g")
    assert found.id.startswith("1-")


def test_decorators_recursion_and_our_own_frames_do_not_count() -> None:
    plain = ["/srv/a.py:1 in f", "/srv/a.py:9 in g"]
    dressed = [
        "/srv/a.py:1 in f", "/srv/deco.py:4 in wrapper", "/opt/tasker_producer/tasks/decorators.py:3 in call",
        "/srv/a.py:9 in g", "/srv/a.py:9 in g", "<frozen importlib._bootstrap>:1 in _call",
    ]  # fmt: skip
    ids = {fingerprint_of({"error_class": "E", "backtrace": frames}).id for frames in (plain, dressed)}
    assert len(ids) == 1
