"""Backtraces of several languages: a service's own frames, the innermost last, the same after another build."""

from __future__ import annotations

import pytest

from tasker_consumers.errors.fingerprint import fingerprint_of
from tasker_consumers.errors.frames import own_frames

#: The same error twice, as two builds in two places tell it, and its own frames.
BUILDS: dict[str, tuple[list[str], list[str], list[tuple[str, str]]]] = {
    "Python, asynchronous": (
        ["/srv/app/shop/pay.py:45 in charge", "/usr/lib/python3.11/asyncio/tasks.py:267 in __step",
         "/srv/app/.venv/lib/python3.11/site-packages/uvloop/loop.pyx:1 in run_until_complete",
         "/srv/app/shop/gateway.py:9 in post"],
        ["C:\\build\\shop\\pay.py:52 in charge", "C:\\lib\\python3.13\\asyncio\\taskgroups.py:71 in __aexit__",
         "C:\\build\\shop\\gateway.py:10 in post"],
        [("pay", "charge"), ("gateway", "post")],
    ),
    "Python's own form, generated code": (
        ['  File "/srv/pay.py", line 45, in charge', "    Order(total)", '  File "<string>", line 2, in __init__',
         '  File "/srv/order.py", line 3, in __post_init__'],
        ['  File "/opt/pay.py", line 46, in charge', '  File "<attrs generated init Order>", line 9, in __init__',
         '  File "/opt/order.py", line 4, in __post_init__'],
        [("pay", "charge"), ("order", "__post_init__")],
    ),
    "Ruby": (
        ["app/payment.rb:45:in `block (2 levels) in charge'", "app/order.rb:5:in `run'",
         "/usr/local/bundle/gems/faraday-2/lib/x.rb:1:in `call'", "<internal:kernel>:187:in `loop'"],
        ["/srv/releases/2026/app/payment.rb:46:in `charge'", "/srv/releases/2026/app/order.rb:6:in `run'"],
        [("order", "run"), ("payment", "charge")],
    ),
    "Java": (
        ["com.shop.Gateway.lambda$post$0(Gateway.java:12)",
         "com.shop.PaymentService$$EnhancerBySpringCGLIB$$3f2a.charge(PaymentService.java:45)",
         "java.base/java.lang.Thread.run(Thread.java:1583)", "io.temporal.internal.activity.X.execute(X.java:3)"],
        ["\tat app//com.shop.Gateway.lambda$post$7(Gateway.java:13)",
         "\tat com.shop.PaymentService.charge(PaymentService.java:47)",
         "\tat jdk.internal.reflect.DirectMethodHandleAccessor.invoke(Unknown Source)"],
        [("PaymentService", "com.shop.PaymentService.charge"), ("Gateway", "com.shop.Gateway.post")],
    ),
    "JavaScript": (
        ["TypeError: x is undefined", "    at async charge (/srv/app/main.3f2a1c9b.js:3:4)",
         "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"],
        ["    at charge (webpack://shop/app/main.77aa01ff.js?v=3:5:4)"],
        [("app", "charge")],
    ),
    "Go": (
        ["goroutine 1 [running]:", "github.com/shop/pay.(*Service).Charge.func1(0xc000, {0x1, 0x2})",
         "\t/srv/app/pay.go:45 +0x1d", "go.temporal.io/sdk/internal.execute(0xc1)",
         "\t/go/pkg/mod/go.temporal.io/sdk@v1.2/internal/x.go:4 +0x2"],
        ["github.com/shop/pay.(*Service).Charge.func2(...)", "\t/home/ci/pay.go:47 +0x7"],
        [("pay", "pay.(*Service).Charge")],
    ),
    ".NET": (
        ["   at Shop.Pay.Charge(Int32 order) in C:\\app\\Pay.cs:line 45",
         "   at System.Threading.Tasks.Task.Run() in /_/src/Task.cs:line 3"],
        ["   at Shop.Pay.Charge(Int32 order) in /src/Pay.cs:line 46"],
        [("Pay", "Shop.Pay.Charge")],
    ),
    "PHP": (
        ["#0 /srv/shop/pay.php(45): Gateway->charge(12, 'x')", "#1 /srv/vendor/guzzle/client.php(3): send()"],
        ["#0 /var/www/pay.php(46): Gateway->charge(13, 'y')"],
        [("pay", "Gateway->charge")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("language", BUILDS)
def test_another_build_in_another_place_has_the_same_frames(language: str) -> None:
    first, second, expected = BUILDS[language]
    for backtrace in (first, second):
        assert [(frame.module, frame.function) for frame in own_frames(backtrace)] == expected


def test_errors_of_one_deep_helper_are_told_apart_where_they_were_raised() -> None:
    deep = [f"com.shop.Flow.step{level}(Flow.java:{level})" for level in range(30)]
    raised = [
        [f"com.shop.Rule.check{letter}(Rule.java:5)", "com.shop.Rule.run(Rule.java:9)", *deep] for letter in "ABCDE"
    ]
    assert len({fingerprint_of({"error_class": "E", "backtrace": backtrace}).id for backtrace in raised}) == 5


def test_a_folder_of_the_services_own_is_no_library() -> None:
    assert own_frames(["/srv/shop/vendor/prices.py:1 in read"])[0].module == "prices"
