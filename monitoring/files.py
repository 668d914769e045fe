"""The generated files of this folder: dashboards for Grafana, alert rules for Prometheus' operator."""

import json
from pathlib import Path

import yaml

from monitoring.boards import DASHBOARDS
from monitoring.panels import dashboard_json

HERE = Path(__file__).parent
_RULE = """\
# `python -m monitoring` writes this file: alerts.yml, for the operator of Prometheus.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: tasker-events
spec:
"""


def generated() -> dict[str, str]:
    """Return the text of each generated file, by its path in this folder."""
    alerts = yaml.safe_load((HERE / "alerts.yml").read_text(encoding="utf-8"))
    rule = yaml.safe_dump(alerts, sort_keys=False, allow_unicode=True, width=110)
    return {
        **{f"dashboards/{d.uid}.json": json.dumps(dashboard_json(d), indent=1) + "\n" for d in DASHBOARDS},
        "prometheus-rule.yaml": _RULE + "".join(f"  {line}\n" for line in rule.splitlines()),
    }
