"""The pictures of docs/web.md: TASKER_PICTURES=docs/pictures pytest tests/unit/consumers/web/test_pictures.py."""

import os
from pathlib import Path
from typing import Any

from tasker_consumers.web.settings import WebSettings
from tasker_consumers.web.views.links import read_links
from tests.support.browser import Browser
from tests.support.telemetry.histories import Told, attempt, told
from tests.support.web import served, site_over, sources_of

PAYMENT: dict[str, Any] = {
    "error_class": "shop.PaymentTimeout",
    "error_message": "the payment gateway did not answer within 3.0 s",
    "backtrace": ["/srv/shop/payment.py:41 in charge", "/srv/shop/gateway.py:88 in post"],
}
_STEPS = (("fetch_cart", 0.2, 0.6), ("reserve_stock", 0.6, 1.1), ("charge_card", 1.1, 2.0), ("ship_order", 2.0, 2.9))


def an_order(number: int, *, fails: bool) -> list[Told]:
    """Return the history of an order that begins `number` minutes after the first."""
    at = 60.0 * number
    same: dict[str, Any] = {"task_id": f"order-{100 + number}", "task_name": "order_processing", "service": "shop"}
    history = [told("task.start_requested", at, **same)]
    for step, begin, end in _STEPS[: 2 if fails else 4]:
        history += attempt(step, at + begin, at + end, **same, step_name=step)
    if not fails:
        return [*history, told("task.completed", at + 3, total_steps=4, completed_steps=4, **same)]
    history += attempt("charge_card", at + 1.1, at + 4.1, "failed", 1, **same, **PAYMENT | {"step_name": "charge_card"})
    history += attempt("charge_card", at + 5.1, at + 8.1, "failed", 2, **same, **PAYMENT | {"step_name": "charge_card"})
    counts: dict[str, Any] = {"total_steps": 4, "completed_steps": 2, "failed_steps": 1}
    return [*history, told("task.failed", at + 8.2, **counts, **same, **PAYMENT, error_steps=["charge_card"])]


def test_the_pages_of_the_newcomers_way_can_be_pictured(browser: Browser, tmp_path: Path) -> None:
    folder = Path(os.environ.get("TASKER_PICTURES") or tmp_path)
    folder.mkdir(exist_ok=True)
    history = [record for number in range(24) for record in an_order(number, fails=number % 4 == 3)]
    links = WebSettings(links=read_links("Jaeger=https://jaeger.example/trace/{trace_id}"))
    with site_over(*sources_of(history), links) as site, served(site) as url:
        browser.open(f"{url}?status=error", height=520)
        browser.wait("document.querySelectorAll('#tasks tr').length == 6")
        browser.wait("document.getElementById('pulse').textContent == 'live'")
        assert browser.picture(folder / "web-list.png").stat().st_size > 10_000
        browser.open(f"{url}task?id=order-103", height=900)
        browser.wait("document.querySelectorAll('.row').length == 5")
        browser.wait("document.getElementById('details').textContent.includes('shop')")
        assert browser.picture(folder / "web-task.png").stat().st_size > 10_000
        assert browser.complaints() == []
