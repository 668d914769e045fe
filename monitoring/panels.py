"""Panels and dashboards as values, and Grafana's JSON for them."""

from dataclasses import dataclass
from typing import Any

#: The data source is chosen at the top of each dashboard.
_SOURCE = {"type": "prometheus", "uid": "${source}"}
_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 3
#: The range that rates are taken over.
RATE = "[5m]"


@dataclass(frozen=True, slots=True)
class Panel:
    """A diagram of series over time; `queries` has an expression of PromQL by the legend of its series."""

    title: str
    description: str
    queries: dict[str, str]
    unit: str = "short"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Panels side by side, in the order of reading."""

    uid: str
    title: str
    panels: tuple[Panel, ...]


def quantile(share: float, metric: str, by: str) -> str:
    """Return the expression for a quantile of a histogram, by a label."""
    return f"histogram_quantile({share}, sum by (le, {by}) (rate({metric}_bucket{RATE})))"


def dashboard_json(dashboard: Dashboard) -> dict[str, Any]:
    """Return the model that Grafana loads; the same value for the same dashboard."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["tasker-events"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
        },
        "links": [{"type": "dashboards", "tags": ["tasker-events"], "title": "Tasker Events", "asDropdown": True}],
        "panels": [_panel_json(number, panel) for number, panel in enumerate(dashboard.panels)],
    }


def _panel_json(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, _COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": {"fillOpacity": 8}}, "overrides": []},
        "options": {"tooltip": {"mode": "multi"}, "legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for index, (legend, expression) in enumerate(panel.queries.items())
        ],
    }
