"""Alerts and dashboards: their metrics exist, every alert is tested and has its section in the runbook."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from monitoring.boards import DASHBOARDS
from monitoring.files import HERE, generated
from tests.support.deployment import ROOT
from tests.support.kubernetes.render import of_kind, render
from tests.support.monitoring import metrics_in, metrics_of_workers

ALERTS = yaml.safe_load((HERE / "alerts.yml").read_text(encoding="utf-8"))
RULES: dict[str, dict[str, Any]] = {rule["alert"]: rule for group in ALERTS["groups"] for rule in group["rules"]}
TESTS = yaml.safe_load((HERE / "alerts_test.yml").read_text(encoding="utf-8"))["tests"]
RUNBOOK = ROOT / "docs" / "operations.md"
PANELS = {f"{board.uid}: {panel.title}": panel for board in DASHBOARDS for panel in board.panels}
#: Metrics of others: services with a meter, Prometheus, the kubelet, kube-state-metrics.
OF_OTHERS = re.compile(
    r"tasker_producer_(published_total|delivered_total|dropped_total|queued|spooled)|up|kube(let)?_.*"
)
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool (Debian's prometheus) is not installed"
)


def promtool(*arguments: str) -> None:
    """Let promtool check, and show its words when it finds a fault."""
    done = subprocess.run(["promtool", *arguments], cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def unknown_metrics(expression: str) -> set[str]:
    """The metrics that nobody shows."""
    return {name for name in metrics_in(expression) - metrics_of_workers() if not OF_OTHERS.fullmatch(name)}


@pytest.mark.parametrize("alert", RULES)
def test_every_alert_asks_for_metrics_that_exist(alert: str) -> None:
    assert metrics_in(RULES[alert]["expr"])
    assert unknown_metrics(RULES[alert]["expr"]) == set()


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_asks_for_metrics_that_exist(panel: str) -> None:
    for expression in PANELS[panel].queries.values():
        assert metrics_in(expression)
        assert unknown_metrics(expression) == set()


@pytest.mark.parametrize("alert", RULES)
def test_every_alert_tells_the_namespaces_of_tenants_apart(alert: str) -> None:
    kept = re.findall(r"\b(?:by|on) \(([^)]*)\)", RULES[alert]["expr"])
    assert [labels for labels in kept if not re.search("namespace|service_name", labels)] == []
    assert not re.search(r"\b(sum|min|max|count) ?\((?!\w+\) )", RULES[alert]["expr"])


def test_a_metric_that_does_not_exist_would_be_noticed() -> None:
    assert unknown_metrics("sum by (job) (rate(tasker_engine_record_total[5m]))") == {"tasker_engine_record_total"}


@pytest.mark.parametrize("alert", RULES)
def test_every_alert_is_tested_to_fire_and_to_be_quiet(alert: str) -> None:
    cases = [case["alert_rule_test"][0] for case in TESTS if case["alert_rule_test"][0]["alertname"] == alert]
    assert sorted(bool(case.get("exp_alerts")) for case in cases) == [False, True]


@pytest.mark.parametrize("alert", RULES)
def test_every_alert_has_its_section_in_the_runbook(alert: str) -> None:
    assert RULES[alert]["annotations"]["runbook"] == f"docs/operations.md#{alert.lower()}"
    assert f"### {alert}\n" in RUNBOOK.read_text(encoding="utf-8")


def test_the_runbook_has_no_alert_that_is_gone() -> None:
    assert set(re.findall(r"^### (Tasker\w+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)) == set(RULES)


@needs_promtool
def test_the_alerts_do_in_prometheus_what_their_tests_expect() -> None:
    promtool("check", "rules", "alerts.yml")
    promtool("test", "rules", "alerts_test.yml")


@needs_promtool
def test_prometheus_takes_its_configuration() -> None:
    promtool("check", "config", "--syntax-only", "prometheus.yml")


@needs_promtool
def test_prometheus_understands_every_panel(tmp_path: Any) -> None:
    rules = [
        {"record": f"panel:{n}", "expr": q}
        for n, q in enumerate(q for p in PANELS.values() for q in p.queries.values())
    ]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", str(tmp_path / "panels.yml"))


def test_the_generated_files_are_those_of_the_code() -> None:
    written = {name: (HERE / name).read_text(encoding="utf-8") for name in generated()}
    assert written == generated(), "run `python -m monitoring`"


def test_the_dashboards_reach_grafana_on_kubernetes() -> None:
    maps = of_kind(render("overlays/production"), "ConfigMap")
    shown = {
        json.loads(text)["uid"]
        for made in maps.values()
        if made["metadata"].get("labels", {}).get("grafana_dashboard") == "1"
        for text in made["data"].values()
    }
    assert shown == {board.uid for board in DASHBOARDS}


def test_prometheus_operator_gets_the_rules_and_the_groups_as_jobs() -> None:
    objects = render("overlays/production")
    assert of_kind(objects, "PrometheusRule")["tasker-events"]["spec"] == ALERTS
    monitor = of_kind(objects, "PodMonitor")["tasker-events"]["spec"]
    for stateful_set in of_kind(objects, "StatefulSet").values():
        labels = stateful_set["spec"]["template"]["metadata"]["labels"]
        assert monitor["selector"]["matchLabels"].items() <= labels.items()
        assert labels[monitor["jobLabel"]] == stateful_set["metadata"]["name"]
